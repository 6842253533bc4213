// @ts-types="npm:@types/pg@8.23.1"
export { Client, DatabaseError } from "npm:pg@8.23.1";
