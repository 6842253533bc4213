// @ts-types="npm:@types/d3-scale@4.0.9"
export { scaleLinear } from "npm:d3-scale@4.0.3";
export type { ScaleLinear } from "npm:@types/d3-scale@4.0.9";
