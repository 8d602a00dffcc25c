(() => {
  const section = document.getElementById("compare");
  const pairs = [...section.querySelectorAll(".pair")];
  const tabs = [...section.querySelectorAll("[data-tab]")];
  const fade = section.querySelector("input");
  const blink = section.querySelector(".blink");
  let timer = null;
  const show = (share) => { fade.value = share; section.style.setProperty("--after", share / 100); };
  const choose = (name) => {
    pairs.forEach((p) => p.classList.toggle("chosen", p.dataset.name === name));
    tabs.forEach((t) => t.setAttribute("aria-selected", t.dataset.tab === name));
  };
  const stop = () => { clearInterval(timer); timer = null; blink.setAttribute("aria-pressed", "false"); };
  tabs.forEach((t) => t.addEventListener("click", () => choose(t.dataset.tab)));
  fade.addEventListener("input", () => { stop(); show(fade.value); });
  blink.addEventListener("click", () => {
    if (timer) { stop(); show(100); return; }
    blink.setAttribute("aria-pressed", "true");
    timer = setInterval(() => show(fade.value > 50 ? 0 : 100), 700);
  });
  section.classList.add("live");
  section.querySelector(".controls").hidden = false;
  choose(pairs[0].dataset.name);
  show(100);
})();
