import { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";

type Done = (error?: Error | null) => void;

export type ByteStreamOptions = {
  /**
   * Whether a write may count as done before it is sent, while data is waiting to be read. Node's HTTP/2 reads nothing
   * until its last write is done: two of them, each with more to send than the sockets between them hold, wait for each
   * other for ever. One must yield. It is the agent: what it then holds is bounded by the windows of its server, which it
   * trusts, while a server must not trust the windows of an agent.
   */
  canYield: boolean;
};

/** The byte stream HTTP/2 runs on: the binary messages of one WebSocket, with backpressure both ways. */
export class WebSocketByteStream extends Duplex {
  readonly #ws: WebSocket;
  readonly #canYield: boolean;
  #pendingWrite: Done | undefined;
  #isReaderBehind = false;

  constructor(ws: WebSocket, options: ByteStreamOptions) {
    super({ allowHalfOpen: false });
    this.#ws = ws;
    this.#canYield = options.canYield;
    ws.on("message", (data: RawData, isBinary: boolean) => this.#receive(data, isBinary));
    ws.once("close", () => {
      this.push(null);
      this.destroy();
    });
    ws.on("error", (error) => this.destroy(error));
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.destroyed) return;
    if (!isBinary || !Buffer.isBuffer(data)) {
      this.destroy(new Error("The peer sent a message that is not binary."));
      return;
    }
    if (this.push(data)) return;
    this.#ws.pause();
    this.#isReaderBehind = true;
    this.#yield();
  }

  #yield(): void {
    if (!this.#canYield || !this.#isReaderBehind) return;
    const done = this.#pendingWrite;
    this.#pendingWrite = undefined;
    if (done !== undefined) setImmediate(done);
  }

  override _read(): void {
    this.#isReaderBehind = false;
    if (this.#ws.isPaused) this.#ws.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  #send(chunks: Buffer[], done: Done): void {
    const last = chunks.pop() ?? Buffer.alloc(0);
    for (const chunk of chunks) this.#ws.send(chunk, ignore);
    this.#pendingWrite = done;
    this.#ws.send(last, (error) => {
      if (this.#pendingWrite !== done) return;
      this.#pendingWrite = undefined;
      done(error);
    });
    this.#yield();
  }

  override _final(done: Done): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.close();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.terminate();
    this.#pendingWrite = undefined;
    done(error);
  }
}

/** The last write's callback tells of a failure; it fails whenever an earlier one does. */
function ignore(): void {}
