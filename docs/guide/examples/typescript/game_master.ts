// A small Game Master: starts a game, waits for the result, follows the game, stops and removes it.
//
//     tsc && node out/game_master.js GAME IMAGE
//
// The program reads both streams with a consumer group, so a crash loses no entry; an entry may come twice. It needs Node
// only: with a client such as ioredis you do not need resp.ts. `generate-types` writes messages.ts from the schemas.
import { Event, RemoveJob, Result, StartJob, StopJob } from "./messages";
import { Redis, Reply } from "./resp";

const group = "example";
const consumer = "one";

type Entry = { result: Result; event?: undefined } | { event: Event; result?: undefined };

class GameMaster {
  readonly results: string;
  readonly events: string;

  constructor(
    private redis: Redis,
    private keys: string,
  ) {
    this.results = `${keys}:results`;
    this.events = `${keys}:events`;
  }

  async createGroups(): Promise<void> {
    for (const stream of [this.results, this.events]) {
      try {
        await this.redis.call("XGROUP", "CREATE", stream, group, "0", "MKSTREAM");
      } catch (error) {
        if (!String(error).includes("BUSYGROUP")) throw error;
      }
    }
  }

  /** Pushes a job. If this fails, push the same job again: workers drop a second message with its id. */
  async push(job: StartJob | StopJob | RemoveJob): Promise<void> {
    await this.redis.call("LPUSH", `${this.keys}:queue:default`, JSON.stringify(job));
  }

  /** Yields the entries of both streams, and acknowledges each entry after its use. */
  async *entries(seconds: number): AsyncGenerator<Entry> {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
      // First the entries given to this consumer before a crash ("0"), then new entries (">").
      for (const position of ["0", ">"]) {
        const reply = await this.redis.call(
          ...["XREADGROUP", "GROUP", group, consumer, "COUNT", "100", "BLOCK", "500"],
          ...["STREAMS", this.results, this.events, position, position],
        );
        for (const [stream, entries] of (reply ?? []) as [string, [string, string[] | null][]][]) {
          for (const [id, pairs] of entries) {
            // A trimmed entry has no fields: the consumer was behind by more than the retention.
            if (pairs) {
              const fields = named(pairs) as unknown;
              yield stream === this.events ? { event: fields as Event } : { result: fields as Result };
            }
            await this.redis.call("XACK", stream, group, id);
          }
        }
      }
    }
  }

  /** Waits for the result of a job. */
  async result(id: string, seconds: number): Promise<Result> {
    for await (const entry of this.entries(seconds)) {
      if (entry.event) show(entry);
      else if (entry.result.job_id === id) return entry.result;
    }
    // Nothing is lost: the record shows how far the job is, and has the result after the end.
    const state: Reply = await this.redis.call("HGET", `${this.keys}:job:${id}`, "state");
    throw new Error(`${id} has no result yet, its state is ${state ?? "unknown"}`);
  }
}

function named(pairs: string[]): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < pairs.length; index += 2) fields[pairs[index]] = pairs[index + 1];
  return fields;
}

function show({ event, result }: Entry): void {
  if (event) console.log("event", event.game_id, event.event, event.reason ?? "");
  else console.log("result", result.game_id, result.outcome, result.effect, result.error ?? result.engine_endpoint ?? "");
}

async function play(master: GameMaster, game: string, image: string): Promise<boolean> {
  // A real Game Master takes the id of the request that it serves. So a repeated request pushes the same job.
  const request = `${game}-${Date.now()}`;
  const now = Date.now();
  const start: StartJob = {
    ...{ v: 1, id: `start-${request}`, kind: "start", game_id: game, image },
    // The start begins within a minute, or ends `expired`. The wait has to be longer: see producers.md.
    deadline: new Date(now + 60_000).toISOString(),
    enqueued_at: new Date(now).toISOString(),
  };
  await master.push(start);
  const result = await master.result(start.id, 120);
  show({ result });
  if (result.outcome !== "succeeded") return false;

  const stop: StopJob = { v: 1, id: `stop-${request}`, kind: "stop", game_id: game, stop_timeout_seconds: 10 };
  const remove: RemoveJob = { v: 1, id: `remove-${request}`, kind: "remove", game_id: game };
  // The jobs of a game run in the order of their pushes. So the second push does not wait for the first result.
  await master.push(stop);
  await master.push(remove);
  const missing = new Set([stop.id, remove.id, "removed"]);
  for await (const entry of master.entries(120)) {
    const name = entry.event ? entry.event.event : entry.result.job_id;
    if ((entry.event ?? entry.result).game_id !== game || (entry.result && !missing.has(name))) continue;
    show(entry);
    missing.delete(name);
    if (missing.size === 0) return true;
  }
  console.error("missing after two minutes:", [...missing].join(", "));
  return false;
}

async function main(): Promise<number> {
  const [game, image] = process.argv.slice(2);
  if (image === undefined) {
    console.error("usage: game_master GAME IMAGE");
    return 2;
  }
  const redis = await Redis.connect(process.env.RTM_REDIS_URL ?? "redis://127.0.0.1:6379");
  const master = new GameMaster(redis, `{${process.env.RTM_NAMESPACE ?? "rtm"}}`);
  await master.createGroups();
  const isDone = await play(master, game, image);
  redis.close();
  return isDone ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(String(error));
    process.exit(1);
  },
);
