Reveal.initialize({
    width: 1280, height: 720, margin: 0.06, center: false, hash: true, slideNumber: "c/t", transition: "none",
    navigationMode: "linear",  // an arrow leads to the next slide, also within a section
    plugins: [RevealNotes],
});

// On a slide that is too tall first the pictures become smaller, then all; where the text would become too small to
// read, the slide can be scrolled. The last 30 lines of the 720 are for the running title.
function fit(slide) {
    function fits([pictures, zoom]) {
        slide.style.setProperty("--pictures", pictures);
        slide.style.zoom = zoom;
        return slide.scrollHeight <= 690 / zoom;
    }
    const sizes = [1.8, 1.7, 1.6, 1.5, 1.4, 1.3].map(pictures => [pictures, 1]);
    for (const zoom of [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7]) sizes.push([1.2, zoom]);
    slide.classList.remove("scrolls");
    if (!sizes.some(fits)) {
        fits([1.2, 0.85]);
        slide.classList.add("scrolls");
    }
}

function arrive() {
    const slide = Reveal.getCurrentSlide(), heading = slide.parentElement.querySelector("h2");
    document.querySelector(".running-title").textContent =
        [document.title, heading && !slide.contains(heading) ? heading.textContent : ""].filter(Boolean).join(" · ");
    fit(slide);
}

Reveal.on("ready", arrive);
Reveal.on("slidechanged", arrive);
document.addEventListener("toggle", () => fit(Reveal.getCurrentSlide()), true);  // an answer was opened
