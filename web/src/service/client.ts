/** The service's HTTP API, as far as the page uses it. */

import { Problem } from "../problem";

export interface GalleryFacts {
  name: string;
  photos: number;
  /** A second gallery beside this one, of an ordinary model; null where there is none. */
  beside: { name: string; photos: number } | null;
}

export interface Hit {
  id: string;
  score: number;
  label: string;
  owner: string;
  /** A JPEG in base64. */
  thumbnail: string | null;
}

export interface PhotoFacts {
  id: string;
  label: string;
  owner: string;
  collection: string;
  width: number;
  height: number;
  added: string;
}

export interface Receipt {
  removed: number;
  files: number;
  traces_after: number;
}

export interface About {
  label: string;
  owner: string;
  collection: string;
}

/** A busy service is asked that often, with a pause that grows. */
const TRIES = 4;
const PAUSE = 700;

export class Client {
  constructor(
    private readonly key: string,
    private readonly fetcher: typeof fetch = (...asked) => fetch(...asked),
    private readonly pause: (milliseconds: number) => Promise<void> = (time) => new Promise((done) => setTimeout(done, time)),
  ) {}

  gallery(): Promise<GalleryFacts> {
    return this.json("v1/gallery");
  }

  /** The most similar photos, best first. */
  async search(photo: Blob, k: number, beside: boolean, signal: AbortSignal): Promise<Hit[]> {
    const query = new URLSearchParams({ k: String(k), thumbnails: "true", ...(beside ? { beside: "true" } : {}) });
    const answer = await this.json<{ hits: Hit[] }>(`v1/search?${query}`, sending(photo, signal));
    return answer.hits;
  }

  photos(after: string | null, limit: number): Promise<{ photos: PhotoFacts[]; next: string | null }> {
    const query = new URLSearchParams({ limit: String(limit), ...(after ? { after } : {}) });
    return this.json(`v1/photos?${query}`);
  }

  async thumbnail(id: string): Promise<Blob> {
    return (await this.ask(`v1/photos/${id}/thumbnail`)).blob();
  }

  /** Whether the photo was not there before. */
  async add(photo: Blob, about: About, signal: AbortSignal): Promise<boolean> {
    const query = new URLSearchParams({ ...about });
    return (await this.json<{ added: boolean }>(`v1/photos?${query}`, sending(photo, signal))).added;
  }

  erase(ids: string[]): Promise<Receipt> {
    const body = JSON.stringify({ ids });
    return this.json("v1/erasures", { method: "POST", body, headers: { "Content-Type": "application/json" } });
  }

  private async json<T>(path: string, how: RequestInit = {}): Promise<T> {
    return (await this.ask(path, how)).json() as Promise<T>;
  }

  private async ask(path: string, how: RequestInit = {}): Promise<Response> {
    const headers = { ...(how.headers as Record<string, string>), Authorization: `Bearer ${this.key}` };
    for (let tries = 1; ; tries++) {
      const answer = await this.fetcher(path, { ...how, headers }).catch(() => {
        throw new Problem(how.signal?.aborted ? "work.cancelled" : "service.unreachable");
      });
      if (answer.ok) return answer;
      if (answer.status !== 503 || tries === TRIES) throw await refusal(answer);
      await this.pause(PAUSE * tries);
    }
  }
}

function sending(photo: Blob, signal: AbortSignal): RequestInit {
  // The bytes decide what a photo is; the name only keeps forms out.
  return { method: "POST", body: photo, headers: { "Content-Type": "application/octet-stream" }, signal };
}

async function refusal(answer: Response): Promise<Problem> {
  const known = { 401: "service.refused", 403: "service.readOnly", 503: "service.busy" }[answer.status];
  if (known) return new Problem(known);
  const body = (await answer.json().catch(() => null)) as { error?: { message?: string } } | null;
  return new Problem("service.said", { message: body?.error?.message ?? `HTTP ${answer.status}` });
}
