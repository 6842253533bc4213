import type { z } from "../deps/zod.ts";

/** A schema of objects: what `z.object({…})` and `z.strictObject({…})` make. */
export type ObjectSchema = z.ZodObject;

/** A schema of numbers: what `z.number()` makes. */
export type NumberSchema = z.ZodNumber;

/** A schema of whole numbers: what `z.int()` makes. */
export type IntegerSchema = z.ZodNumberFormat;

/** A schema of true and false: what `z.boolean()` makes. */
export type BooleanSchema = z.ZodBoolean;

/** A schema of date-times: what `z.date()` makes. */
export type DateSchema = z.ZodDate;

/** A schema of texts: what `z.string()` makes. */
export type TextSchema = z.ZodString;

/** A schema of a few texts: what `z.enum([…])` makes. */
export type CategorySchema = z.ZodEnum;

/** A schema of what may be null: what `.nullable()` makes. */
export type NullableSchema = z.ZodNullable;
