import { readState } from "../../lib/base/git/read_state.ts";

// Run with the grants of a task, in the directory that is looked at.
console.log(JSON.stringify(readState()));
