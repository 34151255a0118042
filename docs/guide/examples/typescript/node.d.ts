// The few names of Node that the example uses. With the package @types/node you do not need this file.
declare module "node:net" {
  interface Socket {
    on(event: "data", listener: (data: Uint8Array) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "close", listener: () => void): this;
    write(text: string): boolean;
    end(): void;
  }
  function createConnection(options: { path: string } | { host: string; port: number }): Socket;
}

declare const process: {
  argv: string[];
  env: Record<string, string | undefined>;
  exit(code: number): never;
};
