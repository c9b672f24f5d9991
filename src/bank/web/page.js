// What both pages share: logging in, asking the bank, and putting texts on the page.
//
// Texts come from merchants and payees: they go in as text (el, put), never as markup.
// The session is kept here, in memory, and nowhere else: no cookie goes along by
// itself, so no other site's page can use it, and it ends with this page.

let session = null;
let on = null; // what the page does: { enter(login), leave() }

export const $ = (id) => document.getElementById(id);

// A new element; what is in it are elements, or texts, each kept apart from what
// stands around it in whatever direction it is written.
export function el(tag, attributes, ...inside) {
	const e = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes ?? {}))
		if (name === "onclick")
			e.addEventListener("click", value);
		else
			e.setAttribute(name, value);
	for (const i of inside)
		e.append(i);
	return e;
}

export function text(value) {
	const e = document.createElement("bdi");
	e.textContent = String(value);
	return e;
}

export function put(id, ...inside) {
	$(id).replaceChildren(...inside);
}

// As many decimals as ISO 4217 gives the currency.
export function money(minor, currency) {
	const n = new Intl.NumberFormat("en", { style: "currency", currency })
		.resolvedOptions().maximumFractionDigits;
	const digits = String(Math.abs(minor)).padStart(n + 1, "0");
	const whole = digits.slice(0, digits.length - n);
	return (minor < 0 ? "\u2212" : "") + whole +
		(n > 0 ? "." + digits.slice(-n) : "") + " " + currency;
}

export function time(value) {
	return el("time", { datetime: value }, new Date(value).toLocaleString());
}

export function list(rows) {
	const e = el("dl");
	for (const [name, value] of rows)
		if (value !== "")
			e.append(el("dt", {}, name), el("dd", {},
				value instanceof Node ? value : text(value)));
	return e;
}

export function command(line) {
	return el("pre", {}, el("code", {}, line));
}

export function trouble(message) {
	$("trouble").textContent = message;
}

// --- asking the bank --------------------------------------------------------

class Refused extends Error {
	constructor(code, message) {
		super(message);
		this.code = code;
	}
}

// Somebody left while it was being asked: nobody is to see the answer.
class Late extends Error {}

function request(method, path, options) {
	const headers = session === null ? {} : { Authorization: "Bearer " + session };
	return fetch(path, { method, headers, cache: "no-store", credentials: "same-origin",
		redirect: "error", referrerPolicy: "no-referrer", ...options });
}

async function refusal(answer) {
	try {
		const { error } = await answer.json();
		return new Refused(error.code, error.message);
	} catch {
		return new Refused("internal", "The bank's answer cannot be read.");
	}
}

export async function ask(method, path, body) {
	const mine = session;
	const answer = await request(method, path,
		body === undefined ? {} : { body: JSON.stringify(body) });
	const said = answer.ok ? await answer.json() : await refusal(answer);
	if (session !== mine)
		throw new Late();
	if (!answer.ok)
		throw said;
	return said;
}

// Does it and says what went wrong; a session that is over ends the page's, too.
export async function attempt(what) {
	try {
		trouble("");
		await what();
	} catch (e) {
		if (e instanceof Late)
			return;
		if (e instanceof Refused && e.code === "no-session")
			leave("Your session has ended: log in again.");
		else
			trouble(e instanceof Refused ? e.message :
				"The bank cannot be reached. Is the card still in the reader?");
	}
}

// --- news: server-sent events, read by fetch, which can carry the session -----

const LONGEST = 1 << 20; // of one event; the bank's are smaller

async function* events(reader) {
	const decoder = new TextDecoder();
	let rest = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done)
			return;
		rest += decoder.decode(value, { stream: true });
		const whole = rest.split("\n\n");
		rest = whole.pop();
		if (rest.length > LONGEST)
			throw new Error("an event without an end");
		for (const one of whole) {
			const event = {};
			for (const line of one.split("\n")) {
				const colon = line.indexOf(": ");
				if (colon > 0)
					event[line.slice(0, colon)] = line.slice(colon + 2);
			}
			if (event.data !== undefined)
				yield event;
		}
	}
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Calls hear(event) for each bill event behind `after`, until this session is over;
// state(live) says whether we are listening.
export async function listen(after, hear, state) {
	const mine = session;
	let wait = 1000;
	while (session === mine && mine !== null) {
		try {
			const answer = await request("GET", "/v1/events?after=" + after);
			if (answer.status === 401)
				return leave("Your session has ended: log in again.");
			if (!answer.ok)
				throw await refusal(answer);
			state(true);
			wait = 1000;
			for await (const e of events(answer.body.getReader())) {
				if (session !== mine)
					return;
				if (e.event === "end")
					return leave("Your session has ended: log in again.");
				after = Number(e.id);
				hear(JSON.parse(e.data));
			}
		} catch {
			// asked again below
		}
		if (session !== mine)
			return;
		state(false);
		await pause(wait);
		wait = Math.min(2 * wait, 30000);
	}
}

// --- in and out ---------------------------------------------------------------

export function leave(message = "") {
	session = null;
	on.leave();
	put("who");
	$("inside").hidden = $("leave").hidden = true;
	$("outside").hidden = false;
	trouble(message);
	$("enter").focus();
}

async function enter() {
	$("enter").disabled = true;
	await attempt(async () => {
		const login = await ask("POST", "/v1/login/tls");
		session = login.session;
		put("who", text(login.customer.name));
		$("outside").hidden = true;
		$("inside").hidden = $("leave").hidden = false;
		await on.enter(login);
	});
	$("enter").disabled = false;
}

function end(options) {
	if (session !== null)
		request("POST", "/v1/logout", options).catch(() => {});
}

export function start(page) {
	on = page;
	$("enter").addEventListener("click", enter);
	$("leave").addEventListener("click", () => {
		end();
		leave();
	});
	addEventListener("pagehide", () => {
		end({ keepalive: true });
		leave();
	});
	attempt(async () => {
		put("bank", text((await ask("GET", "/v1/bank")).name));
	});
}
