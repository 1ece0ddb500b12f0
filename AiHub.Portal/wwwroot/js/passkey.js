// Passkeys: the browser's part of the ceremony. What it answers is judged by the gateway; nothing is kept here.

const supported = () => Boolean(globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON && navigator.credentials);

const post = async (path, body) => {
  const answer = await fetch(path, { method: "POST", body: new URLSearchParams(body), headers: { accept: "application/json" } });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(json.title ?? ""), { told: json.title ? `${json.title}. ${json.detail ?? ""}` : "" });
  return json;
};

const ceremonies = {
  create: async options => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: async options => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

const perform = async (form, ceremony) => {
  const problem = form.querySelector("[data-passkey-problem]");
  const button = form.querySelector("button");
  problem.hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    const body = new FormData(form);
    const { ticket, public_key: options } = await post(`${form.getAttribute("action")}/begin`, body);
    const credential = await ceremonies[ceremony](options);
    body.delete("password");
    body.set("ticket", ticket);
    body.set("credential", JSON.stringify(credential.toJSON()));
    const { location } = await post(form.getAttribute("action"), body);
    globalThis.location.assign(location);
  } catch (failure) {
    problem.textContent = failure.told || problem.dataset.failed;
    problem.hidden = false;
  } finally {
    button.removeAttribute("aria-busy");
  }
};

document.addEventListener("submit", event => {
  const form = event.target;
  const ceremony = form.matches?.("[data-passkey-sign-in]") ? "get" : form.matches?.("[data-passkey-new]") ? "create" : null;
  if (!ceremony) return;
  event.preventDefault();
  event.stopPropagation();
  perform(form, ceremony);
}, true);

const reveal = () => {
  if (!supported()) return;
  for (const form of document.querySelectorAll("[data-passkey-sign-in][hidden], [data-passkey-new][hidden]")) form.hidden = false;
  for (const note of document.querySelectorAll("[data-passkey-unsupported]")) note.hidden = true;
};

reveal();
addEventListener("load", () => Blazor.addEventListener("enhancedload", reveal));
