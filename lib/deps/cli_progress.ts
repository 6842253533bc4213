// @ts-types="npm:@types/cli-progress@3.11.6"
export { SingleBar } from "npm:cli-progress@3.12.0";
