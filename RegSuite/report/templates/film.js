(() => {
  const box = document.getElementById("film");
  const image = box.querySelector(".moving"), slider = box.querySelector("input"), play = box.querySelector("button");
  const time = box.querySelector("output"), frames = JSON.parse(document.getElementById("frames").textContent);
  let timer = null;
  const show = (n) => { slider.value = n; image.src = frames[n][0]; time.textContent = frames[n][1]; };
  const stop = () => { clearInterval(timer); timer = null; play.textContent = "Play"; };
  const step = () => show((+slider.value + 1) % frames.length);
  slider.max = frames.length - 1;
  slider.addEventListener("input", () => { stop(); show(+slider.value); });
  play.addEventListener("click", () => {
    if (timer) { stop(); return; }
    play.textContent = "Pause";
    timer = setInterval(step, 160);
  });
  box.classList.add("live");
  show(frames.length - 1);
})();
