// Puts one question to up to four models at once and shows their answers as they come. The key stays on the server; what is said here is kept by nobody.

const most = 4;
const started = new WeakSet();

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const say = (pattern, ...values) => pattern.replace(/\{(\d)\}/g, (_, index) => values[index]);

const start = play => {
  started.add(play);
  play.hidden = false;
  const words = play.dataset;
  const columns = play.querySelector("[data-play-columns]");
  const form = play.querySelector("[data-play-form]");
  const text = play.querySelector("#play-text");
  const send = play.querySelector("[data-play-send]");
  const stop = play.querySelector("[data-play-stop]");
  const problem = play.querySelector("[data-play-problem]");
  const images = play.querySelector("[data-play-images]");
  const token = play.querySelector("input[name=__RequestVerificationToken]").value;
  const histories = new Map();
  let attached = [];
  let running = null;
  let language = "curl";

  const panels = () => [...columns.children];
  const modelOf = panel => panel.querySelector("select").value;

  const number = id => {
    const value = play.querySelector(id).value;
    return value === "" ? undefined : Number(value);
  };

  const requestOf = (panel, more = []) => {
    const system = play.querySelector("#play-system").value.trim();
    return {
      model: modelOf(panel),
      messages: [...(system ? [{ role: "system", content: system }] : []), ...histories.get(panel), ...more],
      temperature: number("#play-temperature"),
      top_p: number("#play-top-p"),
      max_tokens: number("#play-max"),
      stream: true,
      stream_options: { include_usage: true },
    };
  };

  const add = () => {
    if (columns.children.length >= most) return;
    const panel = document.getElementById("play-column").content.cloneNode(true).firstElementChild;
    const select = panel.querySelector("select");
    const chosen = panels().map(modelOf);
    if (chosen.length) select.value = [...select.options].map(option => option.value).find(value => !chosen.includes(value)) ?? select.value;
    const number = columns.children.length + 1;
    select.id = `play-model-${number}-${performance.now().toFixed(0)}`;
    panel.querySelector("label").htmlFor = select.id;
    select.addEventListener("change", showCode);
    panel.querySelector("[data-play-remove]").addEventListener("click", () => {
      histories.delete(panel);
      panel.remove();
      arrange();
    });
    histories.set(panel, []);
    columns.append(panel);
    arrange();
  };

  const arrange = () => {
    columns.dataset.count = columns.children.length;
    play.querySelector("[data-play-add]").disabled = columns.children.length >= most;
    for (const panel of panels()) {
      panel.querySelector("[data-play-remove]").hidden = columns.children.length === 1;
      panel.querySelector(".play-log").setAttribute("aria-labelledby", panel.querySelector("select").id);
    }
    showCode();
  };

  const contentOf = question => attached.length
    ? [{ type: "text", text: question }, ...attached.map(url => ({ type: "image_url", image_url: { url } }))]
    : question;

  const ask = async (panel, message, signal) => {
    const log = panel.querySelector(".play-log");
    log.querySelector(".play-hint")?.remove();
    const shown = typeof message.content === "string" ? message.content : message.content[0].text;
    const question = element("div", { className: "play-turn you" }, element("strong", { textContent: words.you }), element("p", { textContent: shown }));
    for (const part of Array.isArray(message.content) ? message.content.slice(1) : []) question.append(element("img", { src: part.image_url.url, alt: "" }));
    const thinking = element("p", { className: "play-thinking", hidden: true });
    const answer = element("p", { className: "play-answer" });
    const figures = element("p", { className: "play-figures" });
    const turn = element("div", { className: "play-turn" }, element("strong", { textContent: modelOf(panel), translate: false }), thinking, answer, figures);
    turn.setAttribute("aria-busy", "true");
    log.append(question, turn);
    const follow = () => { log.scrollTop = log.scrollHeight; };
    follow();

    let id = null;
    let said = "";
    try {
      const body = requestOf(panel, [message]);
      const response = await fetch(words.answers, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", RequestVerificationToken: token }, signal });
      id = response.headers.get("x-request-id");
      if (!response.ok) {
        const error = (await response.json().catch(() => null))?.error;
        throw new Error(error?.message ?? `HTTP ${response.status}`);
      }

      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        rest += value;
        const lines = rest.split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (!line.startsWith("data:")) continue;
          const data = line.slice(5).trim();
          if (data === "[DONE]") continue;
          const chunk = JSON.parse(data);
          if (chunk.error) throw new Error(chunk.error.message);
          const delta = chunk.choices?.[0]?.delta;
          const thought = delta?.reasoning_content ?? delta?.reasoning;
          if (thought) {
            thinking.hidden = false;
            thinking.textContent += thought;
          }
          if (delta?.content) said += delta.content;
          answer.textContent = said;
        }
        follow();
      }
    } catch (failure) {
      const stopped = failure.name === "AbortError";
      turn.append(element("p", { className: stopped ? "fine" : "error", textContent: stopped ? words.stopped : say(words.failed, failure.message) }));
      if (id && !stopped) turn.append(element("p", { className: "fine", textContent: `${words.requestId} ${id}` }));
    }

    turn.removeAttribute("aria-busy");
    if (said) histories.get(panel)?.push(message, { role: "assistant", content: said });
    if (id) await account(id, figures);
    follow();
  };

  // The record is written before an answer ends; after a stop the vendor's last word may take a moment.
  const account = async (id, figures) => {
    for (let tries = 0; tries < 12; tries++) {
      const response = await fetch(words.calls + id);
      if (response.status === 200) {
        const call = await response.json();
        const first = call.first_token ? ` · ${say(words.first, call.first_token)}` : "";
        figures.replaceChildren(element("a", { href: call.address, textContent: say(words.figures, call.input, call.output, call.cost, call.latency) + first }));
        return;
      }
      await new Promise(resolve => setTimeout(resolve, 500));
    }
  };

  form.addEventListener("submit", async event => {
    event.preventDefault();
    event.stopPropagation();
    const question = text.value.trim();
    if (!question || running) return;
    problem.hidden = true;
    const blind = attached.length ? panels().filter(panel => !panel.querySelector("select").selectedOptions[0].dataset.images) : [];
    if (blind.length) {
      problem.textContent = say(words.noImages, blind.map(modelOf).join(", "));
      problem.hidden = false;
      return;
    }

    running = new AbortController();
    send.hidden = true;
    stop.hidden = false;
    const message = { role: "user", content: contentOf(question) };
    text.value = "";
    attached = [];
    drawImages();
    await Promise.all(panels().map(panel => ask(panel, message, running.signal)));
    running = null;
    stop.hidden = true;
    send.hidden = false;
    text.focus();
    showCode();
  });

  text.addEventListener("keydown", event => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });

  stop.addEventListener("click", () => running?.abort());
  play.querySelector("[data-play-add]").addEventListener("click", add);
  play.querySelector("[data-play-clear]").addEventListener("click", () => {
    for (const panel of panels()) {
      histories.set(panel, []);
      panel.querySelector(".play-log").replaceChildren(document.getElementById("play-column").content.querySelector(".play-hint").cloneNode(true));
    }
    showCode();
  });

  const drawImages = () => {
    images.hidden = attached.length === 0;
    images.replaceChildren(...attached.map((url, index) => {
      const remove = element("button", { className: "copy small", type: "button", textContent: "×" });
      remove.setAttribute("aria-label", words.removeImage);
      remove.addEventListener("click", () => {
        attached.splice(index, 1);
        drawImages();
      });
      return element("li", {}, element("img", { src: url, alt: "" }), remove);
    }));
  };

  play.querySelector("[data-play-file]").addEventListener("change", async event => {
    for (const file of event.target.files) {
      attached.push(await new Promise((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.onerror = reject;
        reader.readAsDataURL(file);
      }));
    }
    event.target.value = "";
    drawImages();
  });

  const showCode = () => {
    const panel = panels()[0];
    if (!panel) return;
    const question = text.value.trim();
    const body = requestOf(panel, question ? [{ role: "user", content: question }] : []);
    delete body.stream_options;
    const base = words.base.replace(/\/$/, "");
    const json = JSON.stringify(body, (key, value) => typeof value === "string" && value.startsWith("data:image/") ? "data:image/…" : value, 2);
    const code = {
      curl: `curl -N ${base}/chat/completions \\\n  -H "Authorization: Bearer $AIHUB_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${json.replaceAll("'", "'\\''")}'`,
      python: `import json, os\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="${base}", api_key=os.environ["AIHUB_API_KEY"])\nrequest = json.loads(r'''${json.replaceAll("'''", "\\u0027\\u0027\\u0027")}''')\n\nfor chunk in client.chat.completions.create(**request):\n    if chunk.choices:\n        print(chunk.choices[0].delta.content or "", end="", flush=True)`,
      node: `import OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: "${base}", apiKey: process.env.AIHUB_API_KEY });\nconst stream = await client.chat.completions.create(${json});\n\nfor await (const chunk of stream) {\n  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");\n}`,
    };
    document.getElementById("play-snippet").textContent = code[language];
  };

  for (const button of play.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      language = button.dataset.language;
      for (const other of play.querySelectorAll("[data-language]")) other.setAttribute("aria-pressed", String(other === button));
      showCode();
    });
  }
  play.querySelector("[data-play-code]").addEventListener("toggle", showCode);
  for (const field of play.querySelectorAll(".play-settings input, .play-settings textarea, #play-text")) field.addEventListener("input", showCode);

  add();
};

const look = () => {
  const play = document.getElementById("play");
  if (play && !started.has(play)) start(play);
};

addEventListener("load", () => Blazor.addEventListener("enhancedload", look));
look();
