import { expect, it } from "vitest";
import { Problem } from "../../src/problem";
import { Client } from "../../src/service/client";

interface Asked {
  path: string;
  how: RequestInit;
}

/** A client whose service gives these answers, one after the other. */
function client(...answers: (Response | Error)[]): { client: Client; asked: Asked[]; pauses: number[] } {
  const [asked, pauses]: [Asked[], number[]] = [[], []];
  const fetcher = async (path: unknown, how: RequestInit = {}): Promise<Response> => {
    asked.push({ path: String(path), how });
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    throw answer;
  };
  return { client: new Client("key-1", fetcher as typeof fetch, async (time) => void pauses.push(time)), asked, pauses };
}

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
const { signal } = new AbortController();

it("sends a photo as it is, with the key in a header", async () => {
  const { client: one, asked } = client(json({ hits: [] }));
  await one.search(new Blob(["photo"]), 12, true, signal);
  expect(asked[0].path).toBe("v1/search?k=12&thumbnails=true&beside=true");
  expect(asked[0].how.headers).toEqual({ "Content-Type": "application/octet-stream", Authorization: "Bearer key-1" });
  expect(asked[0].how.body).toBeInstanceOf(Blob);
});

it("asks a busy service again, and gives up in time", async () => {
  const { client: one, pauses } = client(json({}, 503), json({}, 503), json({ photos: [], next: null }));
  expect(await one.photos(null, 24)).toEqual({ photos: [], next: null });
  expect(pauses).toEqual([700, 1400]);
  const { client: other } = client(...[1, 2, 3, 4].map(() => json({}, 503)));
  await expect(other.photos("00", 24)).rejects.toEqual(new Problem("service.busy"));
});

it.each([
  [json({}, 401), "service.refused"],
  [json({}, 403), "service.readOnly"],
  [new TypeError("Failed to fetch"), "service.unreachable"],
  [json({ error: { code: "unfit", message: "expected a photo" } }, 422), "service.said"],
  [new Response("<html>", { status: 502 }), "service.said"],
])("tells what went wrong, case %#", async (answer, key) => {
  await expect(client(answer).client.gallery()).rejects.toMatchObject({ key });
});

it("repeats the service's own sentence", async () => {
  const answer = json({ error: { message: "expected a photo" } }, 422);
  await expect(client(answer).client.gallery()).rejects.toMatchObject({ facts: { message: "expected a photo" } });
});
