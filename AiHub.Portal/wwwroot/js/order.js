// While an order is open and looked at: ask for its state, and show the page again when it has changed. Without scripts the button asks.

const every = 2000;
const longest = 30000;
let wait = every;

const beat = async () => {
  const order = document.querySelector("[data-order-state]");
  if (order && !document.hidden) {
    try {
      const response = await fetch(order.dataset.orderState, { redirect: "manual" });
      if (!response.ok) throw new Error(response.type);
      if (await response.text() !== order.dataset.status) location.replace(location.pathname);
      wait = every;
    } catch {
      wait = Math.min(wait * 2, longest);
    }
  }
  setTimeout(beat, wait);
};

// How long is left, beside the moment it ends at; without scripts the moment says it.
const tick = () => {
  for (const left of document.querySelectorAll("[data-countdown]")) {
    const seconds = Math.max(0, Math.round((Number(left.dataset.countdown) - Date.now()) / 1000));
    left.textContent = left.dataset.words.replace("{0}", `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`);
  }
};

// A channel's frame needs the headers of its own page: one that was patched into another document comes again as a document, and what follows it too.
const frame = () => {
  const anew = document.querySelector("[data-order-anew]");
  if (anew) location.replace(anew.dataset.orderAnew);
};
if (document.querySelector(".pay-frame iframe")) document.body.dataset.enhanceNav = "false";
addEventListener("load", () => Blazor.addEventListener("enhancedload", frame));

// Within WeChat the page asks WeChat to pay. What it answers proves nothing: the page asks for the order's state as ever.
addEventListener("click", event => {
  const pay = event.target.closest("[data-wechat-pay]");
  if (!pay) return;
  if (typeof WeixinJSBridge === "undefined") {
    document.querySelector("[data-wechat-elsewhere]").hidden = false;
    return;
  }
  pay.disabled = true;
  WeixinJSBridge.invoke("getBrandWCPayRequest", JSON.parse(pay.dataset.wechatPay), () => { pay.disabled = false; });
});

setInterval(tick, 1000);
tick();
beat();
