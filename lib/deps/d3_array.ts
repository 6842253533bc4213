// @ts-types="npm:@types/d3-array@3.2.2"
export { extent, nice, ticks } from "npm:d3-array@3.2.5";
