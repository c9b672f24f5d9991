// The customer's page: bills as they come, accounts, orders, records.
import { $, ask, attempt, command, el, list, listen, money, put, start, text,
	time } from "/page.js";

const bills = new Map(); // by number
let accounts = [];
let oldest = 0; // record that is shown last

// --- accounts ------------------------------------------------------------------

function showAccounts() {
	put("accounts", ...accounts.map((a) => el("tr", {},
		el("td", {}, text(a.account), el("br"), el("span", { class: "quiet" }, text(a.name))),
		el("td", { class: "amount" }, money(a.balance, a.currency)))));
}

async function readAccounts() {
	accounts = (await ask("GET", "/v1/accounts")).accounts;
	showAccounts();
}

// --- bills ----------------------------------------------------------------------

const waits = (bill) => bill.state === "open" || bill.state === "shown";

function goods(bill) {
	return el("ul", { class: "goods" }, ...bill.items.map((i) => el("li", {}, text(i.name),
		i.quantity === undefined ? "" : " \u00d7 " + i.quantity,
		i.amount === undefined ? "" : ", " + money(i.amount, bill.currency))));
}

function whatToDo(bill) {
	const from = accounts.filter((a) => a.currency === bill.currency);
	const lines = from.map((a) => "ukey pay " + bill.bill + " --from " + a.account);
	return [
		el("p", {}, "To pay it, sign with your card:"),
		command(lines.length > 0 ? lines.join("\n") : "ukey pay " + bill.bill),
		el("details", {}, el("summary", {}, "I do not want to pay this"),
			el("button", { type: "button", onclick: () => reject(bill) }, "Reject this bill")),
	];
}

function card(bill) {
	return el("li", { "data-bill": bill.bill, "data-state": bill.state },
		el("h3", {}, text(bill.payee), ": ", money(bill.amount, bill.currency), " ",
			...(waits(bill) ? [] : [el("span", { class: "state" }, bill.state)])),
		list([
			["Merchant", bill.merchant],
			["For", bill.memo],
			["Order", bill.orderNumber],
			["Into account", bill.to],
			waits(bill) ? ["Pay until", time(bill.expiresAt)]
				: ["Merchant told", bill.merchantTold ? "yes" : "not yet"],
			["Reason", bill.reason],
			["Receipt", bill.receipt],
		]),
		goods(bill), ...(waits(bill) ? whatToDo(bill) : []));
}

function showBills() {
	const all = [...bills.values()].sort((a, b) => b.createdAt.localeCompare(a.createdAt));
	put("bills", ...all.filter(waits).map(card));
	put("answered", ...all.filter((b) => !waits(b)).map(card));
	document.title = all.some(waits) ? "(!) Your accounts" : "Your accounts";
	seen();
}

// Only if somebody can have seen it.
function seen() {
	if (document.visibilityState !== "visible")
		return;
	for (const bill of bills.values())
		if (bill.state === "open") {
			bill.state = "shown";
			ask("POST", "/v1/bills/" + bill.bill + "/shown", {}).catch(() => {});
		}
}

async function reject(bill) {
	await attempt(async () => {
		bills.set(bill.bill, await ask("POST", "/v1/bills/" + bill.bill + "/reject", {}));
		showBills();
	});
}

function hear(event) {
	bills.set(event.bill.bill, event.bill);
	showBills();
	if (event.event === "paid")
		attempt(readBooks);
}

function showLive(live) {
	$("live").textContent = live ? "New bills come up here by themselves."
		: "The connection was lost; trying again.";
}

// --- orders ---------------------------------------------------------------------

async function readOrders() {
	const { orders } = await ask("GET", "/v1/orders");
	$("no-orders").hidden = orders.length > 0;
	put("orders", ...orders.map((o) => el("li", { "data-order": o.orderNumber },
		el("h3", {}, text(o.payee), ": ", money(o.amount, o.currency)),
		list([["From", o.from], ["To", o.to], ["For", o.memo], ["Order", o.orderNumber],
			["Bill", o.bill], ["Sign until", time(o.expiresAt)]]))));
}

// --- records and receipts ----------------------------------------------------------

const decode = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

// The receipt's text, docs/protocol.md section 6: <k>name</k><v>value</v>, and no
// '<' in either.
async function showReceipt(place, order) {
	const { receipt } = await ask("GET", "/v1/orders/" + order);
	const { evidence } = await ask("GET", "/v1/orders/" + order + "/evidence");
	const xml = new TextDecoder().decode(decode(receipt));
	const file = new Blob([decode(evidence)], { type: "application/pkcs7-mime" });
	place.replaceChildren(
		list([...xml.matchAll(/<k>([^<]*)<\/k><v>([^<]*)<\/v>/g)].map((m) => [m[1], m[2]])),
		el("a", { href: URL.createObjectURL(file), download: order + ".p7m" },
			"Save your signed order"));
}

function receiptOf(record) {
	const place = el("div");
	return el("details", { "data-receipt": record.order }, el("summary", {
		onclick: () => {
			if (place.childElementCount === 0)
				attempt(() => showReceipt(place, record.order));
		},
	}, "Receipt"), place);
}

function row(record) {
	const ours = record.amount < 0 && record.order !== "";
	return el("tr", {},
		el("td", {}, time(record.time), el("br"), text(record.counterpartyName), " ",
			el("span", { class: "quiet" }, text(record.counterparty)), el("br"),
			text(record.memo), ...(ours ? [receiptOf(record)] : [])),
		el("td", { class: "amount" }, money(record.amount, record.currency), el("br"),
			el("span", { class: "quiet" }, money(record.balance, record.currency))));
}

async function readRecords(older) {
	const account = $("account").value;
	if (account === "")
		return;
	const { records, more } = await ask("GET", "/v1/records?account=" +
		encodeURIComponent(account) + (older ? "&before=" + oldest : ""));
	const rows = records.map(row);
	if (older)
		$("records").append(...rows);
	else
		put("records", ...rows);
	oldest = records.length > 0 ? records.at(-1).id : 0;
	$("older").hidden = !more;
}

async function readBooks() {
	await readAccounts();
	await readOrders();
	await readRecords(false);
}

// --- in and out -----------------------------------------------------------------

start({
	async enter(login) {
		({ accounts } = login);
		put("account", ...accounts.map((a) => el("option", { value: a.account },
			a.account + " (" + a.currency + ")")));
		const now = await ask("GET", "/v1/bills?all=1");
		for (const bill of now.bills)
			bills.set(bill.bill, bill);
		showBills();
		await readBooks();
		listen(now.last, hear, showLive);
	},
	leave() {
		bills.clear();
		accounts = [];
		for (const id of ["bills", "answered", "accounts", "orders", "records", "account"])
			put(id);
		$("live").textContent = "";
		document.title = "Your accounts";
	},
});
$("account").addEventListener("change", () => attempt(() => readRecords(false)));
$("older").addEventListener("click", () => attempt(() => readRecords(true)));
document.addEventListener("visibilitychange", seen);
