"use strict";

// The page: asks /api/pods, or /api/pods/NAMESPACE/POD, every two seconds and shows the answer. Nothing is sent.
const every = 2000;
const $ = id => document.getElementById(id);
const state = { sort: "cpu_share", down: true, paused: false, timer: 0, asked: 0, node: null };

const meanings = {
	tcp_sendmsg_locked: "written by the application",
	tc_egress: "past TC's programs",
	net_dev_queue: "at the device's queue",
	qdisc_enqueue: "into the queueing discipline",
	qdisc_dequeue: "out of the queueing discipline",
	net_dev_start_xmit: "handed to the device",
	netif_rx: "out of a virtual device",
	napi_gro_receive_entry: "out of the device",
	net_dev_xmit: "its device is done with it",
	netif_receive_skb: "at the receiving side",
	tc_ingress: "past TC's programs",
	tcp_probe: "at its TCP connection",
	sk_data_ready: "the application is woken",
	skb_copy_datagram_iovec: "copied by the application",
	tcp_rcv_space_adjust: "taken by the application",
	sock_recv_length: "the read returns",
};

const unknown = "–";
const figure = (value, text) => value === undefined || value === null ? unknown : text(value);
const time = seconds => figure(seconds, s => s < 9.95e-6 ? `${(s * 1e6).toFixed(1)} µs` : s < 1e-3 ? `${(s * 1e6).toFixed(0)} µs` : s < 1 ? `${(s * 1e3).toFixed(2)} ms` : `${s.toFixed(2)} s`);
const share = value => figure(value, v => `${(v * 100).toFixed(1)} %`);
const cores = value => figure(value, v => v.toFixed(3));
const rate = value => figure(value, v => v === 0 ? "0" : v < 10 ? v.toFixed(2) : v.toFixed(0));
const bytes = value => figure(value, v => {
	const unit = Math.min(Math.floor(Math.log2(Math.max(v, 1)) / 10), 3);
	return `${(v / 1024 ** unit).toFixed(unit ? 1 : 0)} ${["B", "KiB", "MiB", "GiB"][unit]}`;
});

const podColumns = [
	["name", "Pod", pod => `${pod.namespace}/${pod.pod}`],
	["cpu_share", "CPU share", pod => share(pod.cpu_share)],
	["cpu_cores", "CPU cores", pod => cores(pod.cpu_cores)],
	["memory_share", "Memory share", pod => share(pod.memory_share)],
	["memory_bytes", "Memory", pod => bytes(pod.memory_bytes)],
	["requests_per_second", "Requests/s", pod => rate(pod.requests_per_second)],
	["forward_p50", "Forward p50", pod => time(pod.forward?.p50_seconds)],
	["forward_p99", "Forward p99", pod => time(pod.forward?.p99_seconds)],
	["handoff_p99", "Handoff p99", pod => time(pod.handoff?.p99_seconds)],
	["retransmits_per_second", "Retransmits/s", pod => rate(pod.retransmits_per_second)],
];
const containerColumns = [
	["name", "Container", one => one.name],
	["role", "Role", one => one.role],
	["cpu", "CPU cores", one => cores(one.cpu_cores)],
	["throttled", "Throttled", one => cores(one.throttled_cores)],
	["memory", "Memory", one => bytes(one.memory_bytes)],
	["accepts", "Accepts/s", one => rate(one.accepted_per_second)],
	["connects", "Connects/s", one => rate(one.connected_per_second)],
	["open", "Open", one => rate(one.open_connections)],
	["received", "Received/s", one => bytes(one.received_bytes_per_second)],
	["sent", "Sent/s", one => bytes(one.sent_bytes_per_second)],
];

function make(tag, text, attributes) {
	const element = document.createElement(tag);
	if (text !== undefined) element.textContent = text;
	for (const name in attributes) element.setAttribute(name, attributes[name]);
	return element;
}

const pathOf = pod => `#/${encodeURIComponent(pod.namespace)}/${encodeURIComponent(pod.pod)}`;

function valueOf(pod, key) {
	switch (key) {
		case "name": return `${pod.namespace}/${pod.pod}`;
		case "forward_p50": return pod.forward?.p50_seconds;
		case "forward_p99": return pod.forward?.p99_seconds;
		case "handoff_p99": return pod.handoff?.p99_seconds;
		default: return pod[key];
	}
}

function compare(one, other) {
	const [a, b] = [valueOf(one, state.sort), valueOf(other, state.sort)];
	if ((a ?? null) === null || (b ?? null) === null) return ((a ?? null) === null) - ((b ?? null) === null);
	return (a < b ? -1 : a > b ? 1 : 0) * (state.down ? -1 : 1);
}

/** Makes a table's body show these rows; a row that is there already keeps its elements, and so the focus. */
function fill(table, columns, rows, keyOf, first) {
	const body = table.tBodies[0];
	const there = new Map([...body.rows].map(row => [row.dataset.key, row]));
	const wanted = rows.map(value => {
		const key = keyOf(value);
		let row = there.get(key);
		if (!row) {
			row = make("tr", undefined, { role: "row" });
			row.dataset.key = key;
			for (const [, label] of columns) row.append(make("td", undefined, { role: "cell", "data-label": label }));
			first?.(row.cells[0], value);
		}
		columns.forEach(([name, , text], i) => {
			const cell = row.cells[i];
			if (i === 0 && first) return;
			const said = text(value);
			if (cell.dataset.said === said) return;
			cell.dataset.said = said;
			cell.textContent = said;
			if (name === "cpu_share" && said !== unknown) {
				const bar = make("span", undefined, { class: "share", "aria-hidden": "true" });
				const part = bar.appendChild(make("i"));
				part.style.setProperty("--part", `${Math.min(value.cpu_share, 1) * 100}%`);
				cell.prepend(bar);
			}
		});
		return row;
	});
	if (wanted.length !== body.rows.length || wanted.some((row, i) => row !== body.rows[i])) {
		const focused = document.activeElement;
		body.replaceChildren(...wanted);
		if (body.contains(focused)) focused.focus();
	}
}

function showList() {
	const text = $("filter").value.toLowerCase();
	const pods = state.node.pods.filter(pod => valueOf(pod, "name").toLowerCase().includes(text)).sort(compare);
	fill($("pods"), podColumns, pods, pod => valueOf(pod, "name"), (cell, pod) => cell.append(make("a", valueOf(pod, "name"), { href: pathOf(pod) })));
	for (const head of $("pods").tHead.rows[0].cells) {
		head.setAttribute("aria-sort", head.dataset.key !== state.sort ? "none" : state.down ? "descending" : "ascending");
	}
	$("pods").hidden = pods.length === 0;
	$("none").hidden = pods.length > 0;
	$("none").textContent = state.node.pods.length ? "No pod has this in its name." : "No pod is measured yet. On the node, pmoas pods lists the pods it knows.";
	if (state.node.pods.length === 0) showHints($("none").appendChild(make("ul")));
}

function tile(name, value, more) {
	const box = make("div");
	const data = make("dd", value);
	if (more) data.append(make("small", more));
	box.append(make("dt", name), data);
	return box;
}

const quantiles = times => times ? `p50 ${time(times.p50_seconds)}, p99 ${time(times.p99_seconds)}` : "";

function end(name, lines) {
	const item = make("li", undefined, { class: "end" });
	item.appendChild(make("p")).append(make("strong", name));
	for (const [what, times] of lines) {
		if (times) item.append(make("p", `${what}: mean ${time(times.mean_seconds)}, ${quantiles(times)}`, { class: "quiet" }));
	}
	return item;
}

function leg(pod, name, direction, title) {
	const found = (pod.legs ?? []).find(one => one.leg === name && one.direction === direction);
	const item = make("li", undefined, { class: "leg" });
	item.dataset.leg = `${name} ${direction}`;
	const head = item.appendChild(make("p"));
	head.append(make("strong", title));
	if (!found || found.stages.length === 0) {
		head.append(make("span", " nothing was followed", { class: "quiet" }));
		return item;
	}
	const total = found.journey;
	if (total) head.append(make("span", ` mean ${time(total.mean_seconds)}, ${quantiles(total)}`, { class: "quiet" }));
	const bar = item.appendChild(make("div", undefined, { class: "bar", role: "img", "aria-label": "time from stage to stage, listed below" }));
	const list = item.appendChild(make("ol", undefined, { class: "stages" }));
	found.stages.forEach((stage, i) => {
		const colour = `c${i % 8}`;
		bar.appendChild(make("i", undefined, { class: colour })).style.setProperty("--part", String(stage.time.mean_seconds * 1e6));
		const line = list.appendChild(make("li", undefined, { title: `${stage.from} → ${stage.to}` }));
		line.append(
			make("b", undefined, { class: colour }), make("span", meanings[stage.to] ?? `until ${stage.to}`), make("span", `mean ${time(stage.time.mean_seconds)}`),
			make("span", `p50 ${time(stage.time.p50_seconds)}`), make("span", `p99 ${time(stage.time.p99_seconds)}`));
	});
	return item;
}

function showHints(list) {
	const missing = {
		resource_usage: "CPU and memory: write [plugins.resource_usage] into pmoas.toml.",
		accept: "Connections, forward and handoff: write [plugins.accept] into pmoas.toml.",
		stack_trace: "Time from stage to stage: write enabled = true under [plugins.stack_trace] in pmoas.toml. It looks at every packet of the pods.",
	};
	list.replaceChildren(...Object.keys(missing).filter(plugin => !state.node.plugins.includes(plugin)).map(plugin => {
		const item = make("li", missing[plugin]);
		item.dataset.plugin = plugin;
		return item;
	}));
}

function showPod() {
	const pod = state.node.pod;
	$("name").textContent = `${pod.namespace}/${pod.pod}`;
	const sidecars = pod.sidecars.length ? pod.sidecars.join(", ") : "no sidecar";
	$("cost").replaceChildren(
		tile("Sidecar", sidecars),
		tile("CPU share", share(pod.cpu_share), `${cores(pod.cpu_cores)} cores`),
		tile("Memory share", share(pod.memory_share), bytes(pod.memory_bytes)),
		tile("Requests/s", rate(pod.requests_per_second), `${time(pod.cpu_seconds_per_request)} CPU each`),
		tile("Forward p50", time(pod.forward?.p50_seconds), `p99 ${time(pod.forward?.p99_seconds)}`),
		tile("Handoff p50", time(pod.handoff?.p50_seconds), `p99 ${time(pod.handoff?.p99_seconds)}`),
		tile("Retransmits/s", rate(pod.retransmits_per_second)));
	const waits = one => [["accept queue", one.queue], ["unread", one.receive_wait], ["waits for a CPU", one.run_queue]];
	const of = role => pod.containers.filter(one => one.role === role);
	$("path").replaceChildren(
		end("Caller", []),
		leg(pod, "outside", "request", "to the sidecar"),
		...of("sidecar").map(one => end(`Sidecar ${one.name}`, [["forward", pod.forward], ...waits(one)])),
		leg(pod, "inside", "request", "to the service"),
		...of("service").map(one => end(`Service ${one.name}`, [["handoff", pod.handoff], ...waits(one)])),
		leg(pod, "inside", "response", "back to the sidecar"),
		leg(pod, "outside", "response", "back to the caller"));
	fill($("containers"), containerColumns, pod.containers, one => `${one.role} ${one.name}`);
	showHints($("hints"));
}

function route() {
	const parts = location.hash.replace(/^#\/?/, "").split("/").filter(part => part);
	try {
		return parts.length === 2 ? parts.map(decodeURIComponent) : null;
	} catch {
		return null; // half an escape, typed by hand
	}
}

async function refresh() {
	clearTimeout(state.timer);
	const mine = ++state.asked;
	const open = route();
	try {
		const response = await fetch(open ? `api/pods/${open.map(encodeURIComponent).join("/")}` : "api/pods", { cache: "no-store" });
		if (!response.ok) throw new Error(response.status === 404 && open ? `${open.join("/")} is not measured, or has ended; Esc goes back.` : `The daemon answers ${response.status}: ${(await response.text()).trim()}`);
		const node = await response.json();
		if (mine !== state.asked) return;
		state.node = node;
		$("trouble").hidden = true;
		$("clock").textContent = `${new Date().toLocaleTimeString()}, over ${node.seconds.toFixed(1)} s`;
		$("list").hidden = !!open;
		$("pod").hidden = !open;
		document.title = open ? `${open.join("/")} – pmoas` : "pmoas: what sidecars cost";
		if (open) showPod(); else showList();
		if (state.opened !== location.hash && state.opened !== undefined) {
			if (open) $("name").focus(); else [...$("pods").querySelectorAll("a")].find(link => link.hash === state.opened)?.focus();
		}
		state.opened = location.hash;
	} catch (error) {
		if (mine !== state.asked) return;
		$("trouble").hidden = false;
		$("trouble").textContent = error instanceof TypeError ? "The daemon does not answer; these are its last numbers." : error.message;
	}
	if (!state.paused && !document.hidden) state.timer = setTimeout(refresh, every);
}

function pause() {
	state.paused = !state.paused;
	$("pause").setAttribute("aria-pressed", String(state.paused));
	$("pause").textContent = state.paused ? "Go on" : "Pause";
	if (state.paused) clearTimeout(state.timer); else refresh();
}

for (const [key, label] of podColumns) {
	const head = make("th", undefined, { role: "columnheader", scope: "col", "aria-sort": "none" });
	head.dataset.key = key;
	head.appendChild(make("button", label, { type: "button" })).addEventListener("click", () => {
		state.down = state.sort === key ? !state.down : key !== "name";
		state.sort = key;
		if (state.node) showList();
	});
	$("pods").tHead.rows[0].append(head);
}
for (const [, label] of containerColumns) $("containers").tHead.rows[0].append(make("th", label, { role: "columnheader", scope: "col" }));
$("filter").addEventListener("input", () => state.node && showList());
$("pause").addEventListener("click", pause);
addEventListener("hashchange", refresh);
document.addEventListener("visibilitychange", () => document.hidden || state.paused || refresh());
addEventListener("keydown", event => {
	if (event.key === "Escape" && route()) location.hash = "#/";
	else if (event.key === "/" && event.target === document.body && !route()) { event.preventDefault(); $("filter").focus(); }
});
refresh();
