export { Command, CommanderError, Option } from "npm:@commander-js/extra-typings@15.1.0";
