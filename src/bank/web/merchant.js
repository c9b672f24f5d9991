// The merchant's page: what became of his orders, and whether he has been told. It
// only looks; placing and cancelling orders takes the merchant's own key.
import { $, ask, attempt, el, list, money, put, start, text, time } from "/page.js";

const AGAIN = 5000; // milliseconds from one look to the next
let shops = [];
let timer = null;
let shown = []; // orders, newest first
let more = false;

const calls = {
	waiting: (c) => "not acknowledged yet; tried " + c.tries + " times, next ",
	done: () => "acknowledged",
	"given-up": (c) => "given up after " + c.tries + " tries",
};

function call(order) {
	const c = order.call;
	if (c === null)
		return "";
	return el("span", { "data-call": c.state }, calls[c.state](c),
		...(c.state === "waiting" ? [time(c.nextAt)] : []));
}

function card(order) {
	return el("li", { "data-order": order.orderNumber, "data-state": order.state },
		el("h3", {}, text(order.orderNumber), ": ", money(order.amount, order.currency), " ",
			el("span", { class: "state" }, order.state)),
		list([
			["Paid by", order.method === "card" ? "card, at the terminal" : "the customer's bill"],
			["Payee", order.payee],
			["For", order.memo],
			["Placed", time(order.createdAt)],
			[order.state === "open" ? "Runs out" : "Changed",
				time(order.state === "open" ? order.expiresAt : order.changedAt)],
			["Reason", order.reason],
			["Receipt", order.receipt],
			["Call-back", call(order)],
			["Bill", order.bill],
		]));
}

const page = (before) => ask("GET", "/v1/shops/orders?shop=" + $("shop").value +
	(before === undefined ? "" : "&before=" + before));

function show() {
	put("orders", ...shown.map(card));
	$("older").hidden = !more;
}

// The newest page takes the place of what was there; what was read beyond it stays.
async function look() {
	if ($("shop").value === "")
		return;
	const answer = await page();
	const last = answer.orders.at(-1)?.id ?? 0;
	const beyond = shown.filter((o) => o.id < last);
	shown = [...answer.orders, ...beyond];
	more = beyond.length > 0 ? more : answer.more;
	show();
	$("live").textContent = "As of " + new Date().toLocaleTimeString() + ".";
}

async function older() {
	const answer = await page(shown.at(-1).id);
	shown.push(...answer.orders);
	({ more } = answer);
	show();
}

function choose() {
	const shop = shops.find((s) => String(s.shop) === $("shop").value);
	shown = [];
	put("shop-says", ...(shop === undefined ? ["No shop is paid into an account of yours."] : [
		list([["Account", shop.account], ["Currency", shop.currency],
			["Called back at", shop.callback], ["State", shop.disabled ? "disabled" : ""]])]));
	return attempt(look);
}

start({
	async enter() {
		({ shops } = await ask("GET", "/v1/shops"));
		put("shop", ...shops.map((s) => el("option", { value: s.shop }, s.merchant)));
		await choose();
		timer = setInterval(() => {
			if (document.visibilityState === "visible")
				attempt(look);
		}, AGAIN);
	},
	leave() {
		clearInterval(timer);
		shops = shown = [];
		for (const id of ["shop", "orders", "shop-says"])
			put(id);
		$("live").textContent = "";
	},
});
$("shop").addEventListener("change", choose);
$("older").addEventListener("click", () => attempt(older));
