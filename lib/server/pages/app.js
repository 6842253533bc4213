/** Forms that post JSON to the API, and the live progress of a job. Without this script, pages still show all there is. */

prepareForms(document);
const live = document.querySelector("#job[data-events]");
if (live) follow(live.dataset.events);

function prepareForms(within) {
  for (const form of within.querySelectorAll("form[data-post]")) prepareForm(form);
}

function prepareForm(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      await send(form);
    } catch (error) {
      showTrouble(form, {
        message: `The server can’t be reached: ${error.message}`,
        hint: "Is it still running?",
      });
    } finally {
      button.disabled = false;
      form.removeAttribute("aria-busy");
    }
  });
}

async function send(form) {
  const method = form.dataset.method ?? "POST";
  const response = await fetch(form.dataset.post, {
    method,
    headers: {
      accept: "application/json",
      ...(method === "POST" ? { "content-type": "application/json" } : {}),
    },
    ...(method === "POST" ? { body: JSON.stringify(fieldsOf(form)) } : {}),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.status === 401) {
    // The server shows its login in place of the page, and comes back to it.
    location.reload();
  } else if (!response.ok) {
    const message = answer.message ?? `The server answered ${response.status} ${response.statusText}.`;
    showTrouble(form, { message, hint: answer.hint });
  } else if (method === "POST") {
    location.assign(`/jobs/${encodeURIComponent(answer.id)}`);
  }
}

/** The fields as the API's JSON: boxes as booleans, texts of lines as lists, empty texts left out. */
function fieldsOf(form) {
  const fields = {};
  for (const element of form.elements) {
    if (!element.name) continue;
    if (element.type === "checkbox") fields[element.name] = element.checked;
    else if ("lines" in element.dataset) {
      fields[element.name] = element.value.split("\n").map((line) => line.trim()).filter((line) =>
        line !== ""
      );
    } else if (element.value !== "") fields[element.name] = element.value;
  }
  return fields;
}

function showTrouble(form, { message, hint }) {
  const place = form.querySelector(".trouble");
  place.replaceChildren(paragraph(message), ...(hint ? [paragraph(hint, "hint")] : []));
  place.hidden = false;
  place.focus();
}

function paragraph(text, name = "") {
  const element = document.createElement("p");
  element.textContent = text;
  element.className = name;
  return element;
}

/** Shows the events of a job until it has ended; the browser resumes after the last one where the line breaks. */
function follow(url) {
  const source = new EventSource(url);
  const seen = { epochs: undefined, epoch: undefined, metrics: {}, curve: [] };
  const on = (type, handle) => source.addEventListener(type, ({ data }) => handle(JSON.parse(data)));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) label("The line to the server is broken: reload the page");
  });
  let drawing = false;
  on("state", (job) => {
    if (job.state === "queued" || job.state === "running") {
      if (seen.epoch === undefined) label(job.state === "queued" ? "Waiting for its turn" : "Preparing");
      return;
    }
    source.close();
    showEnd(job.state);
  });
  on("prepared", ({ train, test, features }) => {
    label("Training");
    announce(`Prepared: ${train} train and ${test} test rows, ${features} features`);
  });
  on("started", ({ run_id, epochs }) => {
    seen.epochs = epochs;
    const link = document.createElement("a");
    link.href = `/runs/${encodeURIComponent(run_id)}`;
    link.textContent = `run ${run_id.slice(0, 8)}`;
    document.querySelector("#live-run")?.replaceChildren("Recorded as ", link);
  });
  on("attributing", ({ done, of }) => {
    label(`Training ${Math.min(done + 1, of)} of ${of}`);
    const bar = document.querySelector("#progress");
    if (bar) Object.assign(bar, { max: of, value: done });
  });
  on("epoch", ({ epoch, metrics }) => {
    seen.epoch = epoch;
    seen.metrics = metrics;
    seen.curve.push([epoch, Object.values(metrics)[0]]);
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      draw(seen);
    });
  });
}

function draw({ epochs, epoch, metrics, curve }) {
  const bar = document.querySelector("#progress");
  if (!bar) return;
  label(epochs === undefined ? `Epoch ${epoch}` : `Epoch ${epoch} of ${epochs}`);
  if (epochs !== undefined) {
    bar.max = epochs;
    bar.value = Math.min(epoch, epochs);
  }
  document.querySelector("#live-metrics").replaceChildren(
    ...Object.entries(metrics).map(([name, value]) => {
      const [entry, term, detail] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
      term.textContent = name;
      detail.textContent = typeof value === "number" ? String(Number(value.toPrecision(5))) : String(value);
      entry.append(term, detail);
      return entry;
    }),
  );
  drawCurve(curve.filter(([, value]) => Number.isFinite(value)), epochs);
}

/** Draws the first metric by epoch; one that falls or grows a lot by its logarithm. */
function drawCurve(points, epochs) {
  if (points.length < 2) return;
  const values = points.map(([, value]) => value);
  const range = (some) => [some.reduce((a, b) => Math.min(a, b)), some.reduce((a, b) => Math.max(a, b))];
  const height = range(values)[0] > 0 && range(values)[1] / range(values)[0] > 20
    ? Math.log
    : (value) => value;
  const [least, most] = range(values.map(height));
  const [first, last] = [points[0][0], epochs ?? points.at(-1)[0]];
  const stride = Math.ceil(points.length / 300);
  const shown = points.flatMap(([epoch, value], index) =>
    index % stride === 0 || index === points.length - 1
      ? [
        `${((epoch - first) / (last - first || 1) * 440).toFixed(1)},${
          (85 - (height(value) - least) / (most - least || 1) * 80).toFixed(1)
        }`,
      ]
      : []
  );
  const curve = document.querySelector("#live-curve");
  curve.removeAttribute("hidden");
  curve.firstElementChild.setAttribute("points", shown.join(" "));
}

/** Takes what the server says of the job that ended, without losing the reader's place. */
async function showEnd(state) {
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const ended = page.querySelector("#job");
  if (!response.ok || !ended) return location.reload();
  const hadFocus = live.contains(document.activeElement);
  live.replaceChildren(...ended.childNodes);
  delete live.dataset.events;
  prepareForms(live);
  if (hadFocus) document.querySelector("#main").focus();
  const words = live.querySelector(".verdict, .trouble")?.textContent ?? "";
  announce(
    `The job ${
      state === "lost" ? "is lost" : `has ${state === "cancelled" ? "been cancelled" : state}`
    }. ${words.trim()}`,
  );
}

function label(text) {
  const place = document.querySelector("#progress-label");
  if (place) place.textContent = text;
}

/** Says something to a screen reader, once. */
function announce(text) {
  document.querySelector("#announcer").textContent = text;
}
