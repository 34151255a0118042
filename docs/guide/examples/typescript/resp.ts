// Just enough of Redis' protocol for the example, on a plain socket.
import * as net from "node:net";

export type Reply = string | number | null | Reply[];

type Waiting = { resolve: (reply: Reply) => void; reject: (error: Error) => void };

/** A connection. Calls get their replies in their order. */
export class Redis {
  private received: Uint8Array = new Uint8Array();
  private waiting: Waiting[] = [];

  private constructor(private socket: net.Socket) {
    socket.on("data", (data: Uint8Array) => this.receive(data));
    socket.on("error", (error: Error) => this.fail(error));
    socket.on("close", () => this.fail(new Error("Redis has closed the connection")));
  }

  /** Connects to redis://[USER:PASSWORD@]HOST[:PORT][/DB] or unix:///PATH[?db=DB]. */
  static async connect(url: string): Promise<Redis> {
    const parts = new URL(url);
    const isUnix = parts.protocol === "unix:";
    if (!isUnix && parts.protocol !== "redis:") throw new Error("RTM_REDIS_URL must begin with redis:// or unix://");
    const place = isUnix
      ? { path: decodeURIComponent(parts.pathname) }
      : { host: parts.hostname, port: Number(parts.port || 6379) };
    const redis = new Redis(net.createConnection(place));
    if (parts.password) {
      await redis.call("AUTH", decodeURIComponent(parts.username) || "default", decodeURIComponent(parts.password));
    }
    const database = isUnix ? parts.searchParams.get("db") : parts.pathname.replace(/\//g, "");
    if (database && database !== "0") await redis.call("SELECT", database);
    return redis;
  }

  call(...words: string[]): Promise<Reply> {
    const parts = words.map((word) => `$${new TextEncoder().encode(word).length}\r\n${word}\r\n`);
    this.socket.write(`*${words.length}\r\n${parts.join("")}`);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  close(): void {
    this.socket.end();
  }

  private fail(error: Error): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  private receive(data: Uint8Array): void {
    const joined = new Uint8Array(this.received.length + data.length);
    joined.set(this.received);
    joined.set(data, this.received.length);
    this.received = joined;
    for (;;) {
      const found = this.read(0);
      if (!found) return;
      this.received = this.received.slice(found.end);
      const first = this.waiting.shift();
      if (found.value instanceof Error) first?.reject(found.value);
      else first?.resolve(found.value);
    }
  }

  /** Reads a reply that begins at an index; undefined if its end has not come yet. */
  private read(index: number): { value: Reply | Error; end: number } | undefined {
    const lineEnd = this.received.indexOf(13, index);
    if (lineEnd < 0 || lineEnd + 1 >= this.received.length) return undefined;
    const line = new TextDecoder().decode(this.received.slice(index + 1, lineEnd));
    let end = lineEnd + 2;
    const count = Number(line);
    switch (String.fromCharCode(this.received[index])) {
      case "-":
        return { value: new Error(line), end };
      case ":":
        return { value: count, end };
      case "$":
        if (count < 0) return { value: null, end };
        if (this.received.length < end + count + 2) return undefined;
        return { value: new TextDecoder().decode(this.received.slice(end, end + count)), end: end + count + 2 };
      case "*": {
        if (count < 0) return { value: null, end };
        const values: Reply[] = [];
        for (let number = 0; number < count; number++) {
          const found = this.read(end);
          if (!found || found.value instanceof Error) return found;
          values.push(found.value);
          end = found.end;
        }
        return { value: values, end };
      }
      default:
        return { value: line, end };
    }
  }
}
