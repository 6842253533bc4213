/**
 * Makes room for so many things at once of each client.
 *
 * @returns A function of a client that takes one of its places, and gives the one that lets go of it; undefined where all
 * are taken.
 */
export function openSlots(most: number): (client: string) => (() => void) | undefined {
  const taken = new Map<string, number>();
  return (client) => {
    const count = taken.get(client) ?? 0;
    if (count >= most) return undefined;
    taken.set(client, count + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = taken.get(client)! - 1;
      if (left > 0) taken.set(client, left);
      else taken.delete(client);
    };
  };
}
