// From a pinned value to the passages on the screen.
//
// The page that embeds the widget may pin, in `trust`, the SHA-256 of a release's signed targets metadata
// ("sha256:<hex>") or public keys that sign it ("ed25519:<hex>"). With either the widget goes the whole way itself: the targets
// metadata is the pinned one, or signed by a pinned key; the manifest has the SHA-256 that the targets state; each
// passage and literal of the answer stands in the manifest with the hash of the bytes on the screen. What the server
// says of itself is then believed in nothing but the words that nobody could forge without the pin.
//
// Not checked here, because it takes the whole release: who signed which passage and when, eligibility, that no companion is
// missing that the receipt does not list, expiry and rollback of the metadata. `onlabel verify` does that.

import { Broken, canonical, require, sha256 } from "./receipt.ts";
import type { Answer } from "./wire.ts";

export type Verdict =
  | { kind: "none" } // nothing is pinned, and the server offers no key
  | { kind: "server-key" } // nothing is pinned; a key came from the server that also answered
  | { kind: "pinned-release" | "pinned-key"; release: string };

export interface Files {
  bytes(path: string): Promise<ArrayBuffer | null>;
}

interface Pins {
  releases: Set<string>;
  keys: string[];
}

interface Proof {
  by: "pinned-release" | "pinned-key";
  passages: Map<string, string>;
  literals: Map<string, string>;
}

const TRUST = "v1/trust";
const MANIFEST = "v1/trust/manifest.json";

/** What the server says of the release in use. `targets` is the signed metadata, character for character. */
interface Offered {
  targets: string | null;
  keys: Record<string, unknown>;
}

/** The pins of a `trust` attribute. @throws Broken a part of it is no pin: a slip must not switch the check off. */
export function readPins(attribute: string): Pins {
  const pins: Pins = { releases: new Set(), keys: [] };
  for (const part of attribute.trim().split(/[\s,]+/)) {
    const match = /^(sha256|ed25519):([0-9a-f]{64})$/.exec(part);
    if (!match) throw new Broken("the trust attribute of this page holds something that is no pin");
    if (match[1] === "sha256") pins.releases.add(match[2]!);
    else pins.keys.push(match[2]!);
  }
  return pins;
}

export class Trust {
  private proofs = new Map<string, Promise<Proof>>();
  private offered: Promise<Offered | null> | null = null;

  constructor(
    private readonly attribute: string | null,
    private readonly files: Files,
  ) {}

  /** @throws Broken the answer does not come from what is pinned. */
  async check(answer: Answer): Promise<Verdict> {
    if (this.attribute === null) {
      this.offered ??= this.fetched(TRUST).then(parsed<Offered>).catch(() => null);
      return { kind: Object.keys((await this.offered)?.keys ?? {}).length ? "server-key" : "none" };
    }
    const pins = readPins(this.attribute);
    const release = answer.receipt.release;
    require(release !== undefined, "it comes from no release, and this page asks for a certain one");
    const targets = release.targets_sha256;
    let proof = this.proofs.get(targets);
    if (!proof) {
      proof = this.prove(targets, pins);
      this.proofs.set(targets, proof);
      proof.catch(() => this.proofs.delete(targets)); // the next answer tries again
    }
    const { by, passages, literals } = await proof;
    for (const span of answer.spans) {
      const approved = span.source === "passage" ? passages.get(`${span.id} ${span.version}`) : literals.get(`${span.id} ${span.version}`);
      require(approved === span.sha256, `${span.id} is not in the pinned release`);
    }
    return { kind: by, release: `${release.name} ${release.number}` };
  }

  private async prove(named: string, pins: Pins): Promise<Proof> {
    const { targets } = parsed<Offered>(await this.fetched(TRUST));
    require(typeof targets === "string", "the service does not offer the proof that this page asks for");
    require((await sha256(new TextEncoder().encode(targets))) === named, "the release is another one than the answer names");
    const metadata = JSON.parse(targets) as Metadata;
    const pinned = pins.releases.has(named);
    require(pinned || (await signed(metadata, pins.keys)), "the release is not the one, or not signed by the key, that this page pins");
    const manifest = await this.fetched(MANIFEST);
    const stated = metadata.signed.targets["manifest.json"];
    require(metadata.signed._type === "targets" && stated?.hashes.sha256 === (await sha256(manifest)), "the manifest is not that of the release");
    return { by: pinned ? "pinned-release" : "pinned-key", ...read(parsed<Manifest>(manifest)) };
  }

  private async fetched(path: string): Promise<ArrayBuffer> {
    const bytes = await this.files.bytes(path);
    require(bytes !== null, "the service does not offer the proof that this page asks for");
    return bytes;
  }
}

interface Metadata {
  signatures: { keyid: string; sig: string }[];
  signed: { _type: string; targets: Record<string, { hashes: { sha256: string } }> };
}

interface Manifest {
  subjects: {
    kind: string;
    id: string;
    version: string;
    record: { fields: { sha256?: string; literals?: [string, number][] } };
  }[];
}

function read(manifest: Manifest): { passages: Map<string, string>; literals: Map<string, string> } {
  const passages = new Map<string, string>();
  const literals = new Map<string, string>();
  for (const { kind, id, version, record } of manifest.subjects) {
    if (kind === "passage") passages.set(`${id} ${version}`, record.fields.sha256 ?? "");
    if (kind !== "template") continue;
    for (const [at, [hash]] of (record.fields.literals ?? []).entries()) literals.set(`${id}#${at} ${version}`, hash);
  }
  return { passages, literals };
}

async function signed(metadata: Metadata, keys: string[]): Promise<boolean> {
  const message = new TextEncoder().encode(canonical(metadata.signed));
  for (const key of keys) {
    const made = await crypto.subtle.importKey("raw", hex(key), "Ed25519", false, ["verify"]).catch(() => {
      throw new Broken("this browser cannot check Ed25519 signatures");
    });
    for (const { sig } of metadata.signatures) {
      if (/^[0-9a-f]{128}$/.test(sig) && (await crypto.subtle.verify("Ed25519", made, hex(sig), message))) return true;
    }
  }
  return false;
}

function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function parsed<T>(bytes: ArrayBuffer): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}
