"use strict";
// Reads offline passes (docs/handoff-format.md) in a browser that asks nothing from outside. The order is the command
// line's: decrypt, verify, inflate within a bound, parse, times, list of used passes. What fails is a Refusal.
(() => {
  const DATA = JSON.parse(document.getElementById("data").textContent);
  const SUBTLE = window.crypto && window.crypto.subtle;
  const UTF8 = new TextEncoder();
  const USED = "tongban-used-passes";
  const keys = { stations: new Map(), issuers: new Map() };
  let lines = [];
  let shown = null;
  let memory = {};

  class Refusal extends Error {
    constructor(code, facts = {}) {
      super(code);
      this.code = code;
      this.facts = facts;
    }
  }

  // --- text: whole or in parts ---

  const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
  const WHOLE = /^TB1:([0-9A-Z $%*+\-./:]+)$/;
  const PART = /^TB1\.([1-4])\.([2-4])\.([0-9A-F]{8}):([0-9A-Z $%*+\-./:]+)$/;

  function known(line) {
    if (line.length > DATA.longest) throw new Refusal("pass_too_long");
    const text = line.normalize("NFKC").toUpperCase().trim();
    if (text.startsWith("TB-")) throw new Refusal("pass_is_code");
    if (!/^TB1[:.]/.test(text)) throw new Refusal("pass_foreign");
    if (!WHOLE.test(text) && !PART.test(text)) throw new Refusal("pass_damaged");
    return text;
  }

  async function join(given) {
    const texts = [...new Set(given.map(known))];
    if (!texts.length) throw new Refusal("pass_foreign");
    const whole = texts.map((text) => WHOLE.exec(text)).filter(Boolean);
    if (whole.length) {
      if (texts.length > 1) throw new Refusal("pass_parts_mixed");
      return whole[0][1];
    }
    const parts = texts.map((text) => PART.exec(text));
    if (new Set(parts.map((part) => part[2] + part[3])).size !== 1) throw new Refusal("pass_parts_mixed");
    const count = Number(parts[0][2]);
    const byNumber = new Map(parts.map((part) => [Number(part[1]), part[4]]));
    const numbers = Array.from({ length: count }, (_, at) => at + 1);
    const missing = numbers.filter((number) => !byNumber.has(number));
    if (missing.length) throw new Refusal("pass_parts_missing", { missing: missing.join("、"), count });
    const body = numbers.map((number) => byNumber.get(number)).join("");
    const print = hex(await sha256(UTF8.encode(body))).slice(0, 8).toUpperCase();
    if (byNumber.size !== parts.length || byNumber.size !== count || print !== parts[0][3]) {
      throw new Refusal("pass_damaged");
    }
    return body;
  }

  function base45(text) {
    const values = Array.from(text, (character) => ALPHABET.indexOf(character));
    if (values.includes(-1) || values.length % 3 === 1) throw new Refusal("pass_damaged");
    const bytes = [];
    for (let at = 0; at < values.length; at += 3) {
      const pair = values.length - at >= 3;
      const number = values[at] + 45 * values[at + 1] + (pair ? 2025 * values[at + 2] : 0);
      if (number > (pair ? 0xffff : 0xff)) throw new Refusal("pass_damaged");
      bytes.push(...(pair ? [number >> 8, number & 255] : [number]));
    }
    return Uint8Array.from(bytes);
  }

  // --- CBOR: definite lengths, few levels, no tag but the two in front ---

  function cbor(bytes, tag = null) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    let found = null;
    const bad = () => new Refusal("pass_damaged");
    const need = (size) => {
      if (at + size > bytes.length) throw bad();
      at += size;
      return at - size;
    };
    const argument = (short) => {
      if (short < 24) return short;
      if (short === 24) return view.getUint8(need(1));
      if (short === 25) return view.getUint16(need(2));
      if (short === 26) return view.getUint32(need(4));
      if (short !== 27) throw bad();
      const big = view.getBigUint64(need(8));
      return big <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(big) : big;
    };
    const item = (depth) => {
      if (depth > 5) throw bad();
      const first = view.getUint8(need(1));
      const major = first >> 5;
      const value = argument(first & 31);
      if (major === 0) return value;
      if (major === 1) return typeof value === "number" ? -1 - value : -1n - value;
      if (major === 7 && first < 0xf7 && first > 0xf3) return { 20: false, 21: true, 22: null }[first & 31];
      if (typeof value !== "number") throw bad();
      if (major === 2) return bytes.slice(need(value), at);
      if (major === 3) return utf8(bytes.slice(need(value), at));
      if (major === 4 || major === 5) {
        if (value > bytes.length) throw bad();
        const items = Array.from({ length: value * (major - 3) }, () => item(depth + 1));
        if (major === 4) return items;
        return new Map(Array.from({ length: value }, (_, each) => [items[2 * each], items[2 * each + 1]]));
      }
      if (major === 6 && depth === 0 && (value === 16 || value === 18)) {
        found = value;
        return item(1);
      }
      throw bad();
    };
    const value = item(0);
    if (at !== bytes.length || found !== tag) throw bad();
    return value;
  }

  function utf8(bytes) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new Refusal("pass_damaged");
    }
  }

  function head(major, size) {
    if (size < 24) return [(major << 5) | size];
    return size < 256 ? [(major << 5) | 24, size] : [(major << 5) | 25, size >> 8, size & 255];
  }

  function structure(context, ...strings) {
    const name = UTF8.encode(context);
    const packed = strings.flatMap((bytes) => [...head(2, bytes.length), ...bytes]);
    return Uint8Array.from([...head(4, strings.length + 1), ...head(3, name.length), ...name, ...packed]);
  }

  // --- keys and cryptography ---

  const bytesOf = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const sha256 = async (bytes) => new Uint8Array(await SUBTLE.digest("SHA-256", bytes));
  const keyId = async (spki) => hex((await sha256(spki)).slice(0, 8));

  async function hmac(key, data) {
    const raw = key.length ? key : new Uint8Array(32); // an empty HMAC key is one of zeros
    const made = await SUBTLE.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return new Uint8Array(await SUBTLE.sign("HMAC", made, data));
  }

  const VERSION = UTF8.encode("HPKE-v1");
  const KEM = bytesOf(UTF8.encode("KEM"), [0, 0x20]);
  const SUITE = bytesOf(UTF8.encode("HPKE"), [0, 0x20, 0, 1, 0, 1]);
  const NONE = new Uint8Array(0);

  const extract = (suite, salt, label, ikm) => hmac(salt, bytesOf(VERSION, suite, UTF8.encode(label), ikm));
  const expand = async (suite, prk, label, info, size) =>
    (await hmac(prk, bytesOf([0, size], VERSION, suite, UTF8.encode(label), info, [1]))).slice(0, size);

  async function unseal(enc, ciphertext, station, aad) {
    try {
      const sender = await SUBTLE.importKey("raw", enc, { name: "X25519" }, false, []);
      const dh = new Uint8Array(await SUBTLE.deriveBits({ name: "X25519", public: sender }, station.key, 256));
      const prk = await extract(KEM, NONE, "eae_prk", dh);
      const shared = await expand(KEM, prk, "shared_secret", bytesOf(enc, station.raw), 32);
      const psk = await extract(SUITE, NONE, "psk_id_hash", NONE);
      const context = bytesOf([0], psk, await extract(SUITE, NONE, "info_hash", NONE));
      const secret = await extract(SUITE, shared, "secret", NONE);
      const key = await expand(SUITE, secret, "key", context, 16);
      const iv = await expand(SUITE, secret, "base_nonce", context, 12);
      const aes = await SUBTLE.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
      return new Uint8Array(await SUBTLE.decrypt({ name: "AES-GCM", iv, additionalData: aad }, aes, ciphertext));
    } catch {
      throw new Refusal("pass_damaged");
    }
  }

  function parts(value, count) {
    if (!Array.isArray(value) || value.length !== count || !(value[0] instanceof Uint8Array)) {
      throw new Refusal("pass_damaged");
    }
    return value;
  }

  function header(bytes) {
    const read = cbor(bytes);
    if (!(read instanceof Map) || !(read.get(4) instanceof Uint8Array)) throw new Refusal("pass_damaged");
    return { alg: read.get(1), id: read.get(4) };
  }

  async function verified(body) {
    const [outer, open, ciphertext] = parts(cbor(base45(body), 16), 3);
    const to = header(outer);
    if (to.alg !== 41) throw new Refusal("pass_newer");
    const station = keys.stations.get(hex(to.id));
    if (!station) throw new Refusal("pass_other_station");
    const enc = open instanceof Map ? open.get(-4) : null;
    if (!(enc instanceof Uint8Array) || enc.length !== 32 || !(ciphertext instanceof Uint8Array)) {
      throw new Refusal("pass_damaged");
    }
    const signed = await unseal(enc, ciphertext, station, structure("Encrypt0", outer, NONE));
    const [inner, , payload, signature] = parts(cbor(signed, 18), 4);
    const by = header(inner);
    const issuer = keys.issuers.get(hex(by.id));
    if (!issuer) throw new Refusal("pass_issuer_unknown");
    if (by.alg !== issuer.alg || !(payload instanceof Uint8Array) || !(signature instanceof Uint8Array)) {
      throw new Refusal("pass_forged");
    }
    const data = structure("Signature1", inner, to.id, payload);
    if (!(await SUBTLE.verify(issuer.how, issuer.key, signature, data))) throw new Refusal("pass_forged");
    return cbor(await inflated(payload));
  }

  async function inflated(payload) {
    const reader = new Blob([payload]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const chunks = [];
    let size = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return bytesOf(...chunks);
        size += value.length;
        if (size > DATA.largest) throw new Error("too large");
        chunks.push(value);
      }
    } catch {
      reader.cancel().catch(() => {});
      throw new Refusal("pass_damaged");
    }
  }

  // --- claims ---

  const insist = (holds) => {
    if (!holds) throw new Refusal("pass_newer");
  };
  const whole = (value, least, most) => {
    insist(typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most);
    return value;
  };
  const clean = (text) =>
    text.replace(/[\r\n\t\u2028\u2029]/g, " ").replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "").trim();
  const plainText = (value) => {
    insist(typeof value === "string" && value.length > 0 && [...value].length <= 200);
    return clean(value);
  };
  const moment = (seconds) =>
    new Date((seconds + 8 * 3600) * 1000).toISOString().replace(/\.000Z$/, "+08:00");
  const word = (field, place) => field.words[whole(place, 1, field.words.length) - 1];
  const READ = {
    text: (_, value) => plainText(value),
    digits: (_, value) => {
      insist(typeof value === "bigint" ? value < 10n ** 18n && value > 0n : whole(value, 1, Number.MAX_SAFE_INTEGER));
      return String(value);
    },
    day: (_, value) => new Date(whole(value, -100000, 2000000) * 86400000).toISOString().slice(0, 10),
    moment: (_, value) => moment(whole(value, 0, 253402300799)),
    flag: (_, value) => {
      insist(typeof value === "boolean");
      return value;
    },
    word,
    words: (field, places) => {
      insist(Array.isArray(places));
      return places.map((place) => word(field, place));
    },
    digest: (_, value) => {
      insist(value instanceof Uint8Array && value.length === 32);
      return hex(value);
    },
  };

  function passOf(claims) {
    insist(claims instanceof Map);
    const written = claims.get(-65537);
    const id = claims.get(7);
    insist(written instanceof Map && id instanceof Uint8Array && id.length === 16);
    const told = {};
    for (const field of DATA.fields) {
      if (written.has(field.key)) told[field.name] = READ[field.kind](field, written.get(field.key));
    }
    insist(["number", "item", "name", "identity_number"].every((name) => name in told));
    const [expires, from, issued] = [4, 5, 6].map((key) => whole(claims.get(key), 0, 253402300799));
    return { id: hex(id), issuer: plainText(claims.get(1)), point: plainText(claims.get(3)), expires, from, issued, case: told };
  }

  const dayOf = (seconds) => {
    const day = new Date((seconds + 8 * 3600) * 1000);
    return `${day.getUTCFullYear()}年${day.getUTCMonth() + 1}月${day.getUTCDate()}日`;
  };
  const whenOf = (seconds) => `${dayOf(seconds)} ${moment(seconds).slice(11, 16)}`;

  async function read(texts, again) {
    const given = passOf(await verified(await join(texts)));
    const now = Math.floor(Date.now() / 1000);
    const first = Math.max(given.from, given.issued);
    if (now < first - DATA.tolerance) throw new Refusal("pass_not_yet", { day: dayOf(first) });
    if (now >= given.expires + DATA.tolerance) throw new Refusal("pass_expired", { day: dayOf(given.expires - 1) });
    const before = take(given.id, now, given.expires);
    if (before !== null && !again) throw new Refusal("pass_used", { at: whenOf(before) });
    const about = {
      id: given.id,
      issuer: given.issuer,
      point: given.point,
      issued_at: moment(given.issued),
      valid_from: moment(given.from),
      expires_at: moment(given.expires),
      read_at: moment(now),
      read_before: before === null ? null : moment(before),
    };
    return { format: "TB1", pass: about, case: given.case };
  }

  // --- the list of used passes: ids and times, nothing about a person ---

  function used() {
    try {
      return JSON.parse(localStorage.getItem(USED) || "{}");
    } catch {
      return memory;
    }
  }

  function take(id, now, expires) {
    const list = Object.fromEntries(Object.entries(used()).filter(([, [, until]]) => until > now - 7 * 86400));
    if (id in list) return list[id][0];
    list[id] = [now, expires];
    memory = list;
    try {
      localStorage.setItem(USED, JSON.stringify(list));
    } catch {
      say("keys", "这个浏览器不能保存名单，请不要关闭本页，否则用过的凭证可能再次通过。");
    }
    return null;
  }

  // --- export: the same three spellings as the command line ---

  const spelt = (value) => (value === null ? "" : String(value));
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const element = (name, value, depth) => {
    const indent = " ".repeat(depth);
    if (value === null || typeof value !== "object") return `${indent}<${name}>${escaped(spelt(value))}</${name}>\n`;
    const inside = Array.isArray(value) ? value.map((each) => ["item", each]) : Object.entries(value);
    return `${indent}<${name}>\n${inside.map(([key, each]) => element(key, each, depth + 1)).join("")}${indent}</${name}>\n`;
  };
  const EXPORT = {
    json: (facts) => JSON.stringify(facts, null, 1) + "\n",
    xml: (facts) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<offline-pass format="TB1">\n${["pass", "case"]
        .map((part) => element(part, facts[part], 1))
        .join("")}</offline-pass>\n`,
    txt: (facts) =>
      ["pass", "case"]
        .flatMap((part) => Object.entries(facts[part]).map(([name, value]) => `${part}.${name}=${spelt(value)}\n`))
        .join(""),
  };

  // --- the page ---

  const at = (id) => document.getElementById(id);
  const say = (id, text) => {
    at(id).textContent = text;
  };

  function fill(text, facts) {
    const kept = text.replace(/\[\[(.*?)\]\]/gs, (_, inside) =>
      [...inside.matchAll(/\{(\w+)\}/g)].every(([, name]) => name in facts) ? inside : "");
    return kept.replace(/\{(\w+)\}/g, (_, name) => spelt(facts[name] ?? ""));
  }

  function refuse(refusal) {
    const words = DATA.refusals[refusal.code];
    const more = refusal.code === "pass_parts_missing";
    at("problem").hidden = false;
    at("problem").className = more ? "problem more" : "problem";
    at("problem").dataset.code = refusal.code;
    say("problem-title", words.title);
    say("problem-detail", fill(words.detail, refusal.facts));
    say("problem-advice", fill(words.advice, refusal.facts));
    at("again").hidden = refusal.code !== "pass_used";
  }

  function shownAs(field, value) {
    if (field.kind === "word") return field.labels[field.words.indexOf(value)];
    if (field.kind === "words") return value.map((each) => field.labels[field.words.indexOf(each)]).join("；");
    if (field.kind === "flag") return value ? "是" : "否";
    return field.kind === "moment" ? value.slice(0, 16).replace("T", " ") : value;
  }

  function show(facts) {
    shown = facts;
    at("result").hidden = false;
    say("result-name", facts.case.name);
    say("result-note", facts.pass.read_before
      ? `注意：这张凭证在本机已经读过（${facts.pass.read_before.slice(0, 16).replace("T", " ")}），请核对是不是同一位群众。`
      : "凭证的签名、期限和受理点都核对无误。凭证不能证明持有人的身份，请当面核验。");
    const rows = DATA.fields.filter((field) => field.name in facts.case).map((field) => {
      const row = document.createElement("div");
      const [name, value] = [document.createElement("dt"), document.createElement("dd")];
      name.textContent = field.label;
      value.textContent = shownAs(field, facts.case[field.name]);
      row.append(name, value);
      return row;
    });
    at("facts").replaceChildren(...rows);
    at("scan").focus({ preventScroll: true }); // the next pass may be scanned at once
    at("result").scrollIntoView({ block: "nearest" });
  }

  function clear() {
    lines = [];
    shown = null;
    at("result").hidden = true;
    at("problem").hidden = true;
    at("facts").replaceChildren();
    at("scan").value = "";
    say("copied", "");
    at("scan").focus();
  }

  async function take_in(text, again = false) {
    at("problem").hidden = true;
    if (text.length > DATA.longest * 4) {
      lines = [];
      refuse(new Refusal("pass_too_long"));
      return;
    }
    if (shown && !again) clear();
    if (!again) lines = [...lines, ...text.split(/[\r\n]+/).filter((line) => line.trim())];
    if (!lines.length) return;
    try {
      if (!keys.stations.size || !keys.issuers.size) {
        say("keys", "请先在上面装入受理点密钥和平台公钥，再扫描。");
        lines = [];
        return;
      }
      show(await read(lines, again));
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      if (!["pass_parts_missing", "pass_used"].includes(problem.code)) lines = [];
      refuse(problem);
    }
  }

  function saved(kind) {
    const link = document.createElement("a");
    const types = { json: "application/json", xml: "application/xml", txt: "text/plain" };
    link.href = URL.createObjectURL(new Blob([EXPORT[kind](shown)], { type: `${types[kind]};charset=utf-8` }));
    link.download = `${shown.case.number}.${kind}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // --- loading keys ---

  const PEM = /-----BEGIN ([A-Z ]+)-----([^-]+)-----END \1-----/g;

  async function loadKeys(text) {
    const found = [...text.matchAll(PEM)];
    if (!found.length) throw new Error("no key");
    for (const [, kind, base64] of found) {
      const der = Uint8Array.from(atob(base64.replace(/\s/g, "")), (character) => character.charCodeAt(0));
      if (kind === "PRIVATE KEY") await loadStation(der);
      else if (kind === "PUBLIC KEY") await loadIssuer(der);
      else throw new Error("another kind of key");
    }
  }

  async function loadStation(der) {
    const open = await SUBTLE.importKey("pkcs8", der, { name: "X25519" }, true, ["deriveBits"]);
    const { x } = await SUBTLE.exportKey("jwk", open);
    const raw = Uint8Array.from(atob(x.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const key = await SUBTLE.importKey("pkcs8", der, { name: "X25519" }, false, ["deriveBits"]);
    const spki = bytesOf([0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 3, 0x21, 0], raw);
    keys.stations.set(await keyId(spki), { key, raw });
  }

  async function loadIssuer(der) {
    const edwards = hex(der).startsWith("302a300506032b6570");
    const type = edwards ? { name: "Ed25519" } : { name: "ECDSA", namedCurve: "P-256" };
    const key = await SUBTLE.importKey("spki", der, type, false, ["verify"]);
    const how = edwards ? { name: "Ed25519" } : { name: "ECDSA", hash: "SHA-256" };
    keys.issuers.set(await keyId(der), { key, how, alg: edwards ? -8 : -7 });
  }

  async function loaded(texts) {
    let failed = 0;
    for (const text of texts) {
      try {
        await loadKeys(text);
      } catch {
        failed += 1;
      }
    }
    const [own, others] = [keys.stations.size, keys.issuers.size];
    const missing = own && others ? "" : own ? "还差平台公钥。" : others ? "还差受理点密钥。" : "";
    const wrong = failed ? "有文件不是这里用的密钥，没有装入：请核对是不是选错了。" : "";
    say("keys", `已装入受理点密钥${own}把、平台公钥${others}把。${missing}${wrong}`);
    at("key-box").open = !(own && others);
    if (own && others) at("scan").focus();
  }

  async function fits() {
    if (!SUBTLE || typeof DecompressionStream === "undefined") return false;
    try {
      await SUBTLE.generateKey({ name: "X25519" }, false, ["deriveBits"]);
      return true;
    } catch {
      return false;
    }
  }

  function listen() {
    at("key-files").addEventListener("change", async (event) => {
      const files = [...event.target.files].filter((file) => file.size < 100000);
      await loaded(await Promise.all(files.map((file) => file.text())));
      event.target.value = "";
    });
    at("key-take").addEventListener("click", async () => {
      const text = at("key-text").value;
      at("key-text").value = "";
      await loaded([text]);
    });
    at("scan").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) {
        event.preventDefault();
        at("read").click();
      }
    });
    at("read").addEventListener("click", () => {
      const text = at("scan").value;
      at("scan").value = "";
      take_in(text);
    });
    at("again").addEventListener("click", () => take_in("", true));
    at("next").addEventListener("click", clear);
    at("clear").addEventListener("click", clear);
    at("copy").addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(EXPORT.json(shown));
        say("copied", "已复制，可以粘贴到业务系统。");
      } catch {
        say("copied", "浏览器没有允许复制，请改用保存。");
      }
    });
    for (const kind of ["json", "xml", "txt"]) at(`save-${kind}`).addEventListener("click", () => saved(kind));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") clear();
      const typed = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (typed && event.key !== " " && !event.target.closest("input, textarea")) at("scan").focus();
    });
  }

  (async () => {
    listen();
    if (!(await fits())) {
      at("unfit").hidden = false;
      at("work").hidden = true;
      return;
    }
    if (DATA.issuers) await loaded([DATA.issuers]);
    at("work").dataset.ready = "yes";
  })();
})();
