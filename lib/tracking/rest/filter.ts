import type { Run, RunSearch } from "../store.ts";

// MLflow's filter language has no escapes, so a text that it might read otherwise is asked for by its shape, every
// doubtful character standing for any, and the runs that come are compared here.
function comparison(field: string, value: string): string {
  if (/^[\p{L}\p{N}_\-.:\/]+( [\p{L}\p{N}_\-.:\/]+)*$/u.test(value)) return `${field} = '${value}'`;
  return `${field} LIKE '${value.replace(/[^\p{L}\p{N}\-.:\/]/gu, "_")}'`;
}

/** A search in MLflow's filter language. It may find more than was asked for: see `matches`. */
export function filterOf({ run_name, status, tags = {} }: RunSearch): string {
  return [
    ...(run_name === undefined ? [] : [comparison("attributes.run_name", run_name)]),
    ...(status === undefined ? [] : [`attributes.status = '${status}'`]),
    ...Object.entries(tags).map(([key, value]) => comparison(`tags.\`${key}\``, value)),
  ].join(" AND ");
}

/** Whether a run is one that a search asks for. */
export function matches({ info, tags }: Run, search: RunSearch): boolean {
  return (search.run_name === undefined || info.run_name === search.run_name) &&
    Object.entries(search.tags ?? {}).every(([key, value]) => tags[key] === value);
}
