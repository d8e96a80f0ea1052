/* Comfort for the pages of a sign-in. Everything they are for works without it. */
(function () {
    "use strict";

    // At once, so that secrets are covered before they are drawn.
    document.documentElement.classList.add("js");

    function textOf(id) {
        const element = document.getElementById(id);
        if (element.tagName === "SCRIPT") {
            return JSON.stringify(JSON.parse(element.textContent), null, 2);
        }
        return element.textContent;
    }

    // The clipboard is open to secure contexts only; elsewhere the old way still works.
    async function copy(text) {
        if (navigator.clipboard) {
            await navigator.clipboard.writeText(text);
            return true;
        }
        const area = document.createElement("textarea");
        area.value = text;
        area.className = "spoken";
        document.body.append(area);
        area.select();
        const copied = document.execCommand("copy");
        area.remove();
        return copied;
    }

    async function onCopy(button) {
        if (!(await copy(textOf(button.dataset.copy)).catch(() => false))) {
            return;
        }
        const said = document.getElementById("copied");
        said.textContent = textOf("copied-text");
        button.classList.add("on");
        setTimeout(() => {
            button.classList.remove("on");
            said.textContent = "";
        }, 2000);
    }

    function onReveal(button) {
        const cell = document.getElementById(button.dataset.reveal).closest("td");
        const shown = cell.classList.toggle("shown");
        button.classList.toggle("on", shown);
        button.setAttribute("aria-pressed", String(shown));
    }

    document.addEventListener("click", (event) => {
        const button = event.target.closest("button");
        if (button?.dataset.copy) {
            onCopy(button);
        } else if (button?.dataset.reveal) {
            onReveal(button);
        }
    });

    // In a tick box Enter would press the first button.
    document.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && event.target.type === "checkbox") {
            event.preventDefault();
        }
    });

    // A second click would be answered with "already used".
    document.addEventListener("submit", (event) => {
        const form = event.target;
        if (form.dataset.sent) {
            event.preventDefault();
        }
        form.dataset.sent = "yes";
        // A program of this device may take the answer, or none: then the page stays.
        setTimeout(() => {
            for (const said of document.querySelectorAll("#sent")) {
                said.hidden = false;
            }
        }, 1500);
    });
    addEventListener("pageshow", () => {
        for (const form of document.forms) {
            delete form.dataset.sent;
        }
    });

    // By the clock of the user's preferences, else by the browser's.
    document.addEventListener("DOMContentLoaded", () => {
        const {lang, dataset} = document.documentElement;
        const format = new Intl.DateTimeFormat(lang, {
            year: "numeric",
            month: "long",
            day: "numeric",
            hour: "numeric",
            minute: "2-digit",
            timeZone: dataset.zone,
            timeZoneName: "short",
        });
        for (const element of document.querySelectorAll("time")) {
            element.title = element.textContent;
            element.textContent = format.format(new Date(element.dateTime));
        }
        // The backend opened it, and has no hold of this window (opener policy).
        const trial = document.querySelector("[data-trial]");
        if (trial) {
            const text = document.querySelector("h1").textContent.trim();
            const channel = new BroadcastChannel("oauth2_trial");
            channel.postMessage({level: trial.dataset.trial, text});
        }
    });
})();
