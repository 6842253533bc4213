import { readState } from "../../lib/base/git/read_state.ts";
import { gitState } from "../../lib/base/git/state.ts";
import { userName } from "../../lib/base/git/user.ts";

// Run in the directory and with the environment that are asked about.
console.log(JSON.stringify({ user: userName(), here: readState(), beside: await gitState() }));
