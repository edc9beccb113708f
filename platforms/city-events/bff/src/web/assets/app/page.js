  // ---- Pages ----
  let navigation = 0;
  let polls = [];

  // Shows another page of this site without a page load.
  async function navigate(address, { push = true, scroll = true } = {}) {
    const url = local(address);
    if (!url || !isPage(url)) { toast("This link does not lead to a page of this site.", "bad"); return; }
    const current = ++navigation;
    root.classList.add("loading");
    try {
      const page = await parsePage(await send(url, isPage, { headers: { accept: "text/html" } }));
      const main = page.getElementById("main");
      if (current !== navigation) return;
      if (!main) { location.assign(url); return; }
      document.title = page.title;
      document.getElementById("main").replaceWith(main);
      for (const name of [".links", ".tabs"]) document.querySelector(name).replaceWith(page.querySelector(name));
      if (push) history.pushState({}, "", url);
      if (scroll) scrollTo({ top: 0, behavior: "instant" });
      main.focus({ preventScroll: true });
      startPage();
    } catch {
      location.assign(url);
    } finally {
      if (current === navigation) root.classList.remove("loading");
    }
  }

  // Completes a new page: its fragments, times and forms.
  function startPage() {
    polls.forEach(clearInterval);
    polls = [];
    closeLive();
    showUser();
    localizeTimes(document);
    for (const fragment of document.querySelectorAll("[data-fragment]")) {
      if (user) load(fragment);
      else if (root.dataset.session === "out") fragment.removeAttribute("aria-busy");
      if (fragment.dataset.poll) {
        polls.push(setInterval(() => { if (!document.hidden && isPollDue(fragment)) load(fragment, true); }, Number(fragment.dataset.poll)));
      }
      if (fragment.dataset.live) liveTimer = setTimeout(() => follow(fragment), LIVE_DELAY);
    }
    showProviders();
    startTwoStep();
    for (const form of document.querySelectorAll("form[data-form=verify], form[data-form=reset]")) {
      if (!form.dataset.token) showError(form, "This link has no token. Open the link in the message again.");
    }
  }

  // ---- Live pages ----
  // At most one live connection: browsers allow six connections to a server over HTTP/1.
  let live = null;
  let liveTimer = 0;
  // A visitor who leaves soon needs no connection. Polls show changes until then.
  const LIVE_DELAY = 5000;

  // Reloads a fragment when the server reports a change. Without a connection the page polls.
  function follow(fragment) {
    const url = local(fragment.dataset.live);
    if (!url || document.hidden || !window.EventSource) return;
    closeLive();
    const source = new EventSource(url.pathname);
    live = { source, fragment, polls: 0 };
    source.addEventListener("open", () => { root.dataset.live = "open"; });
    source.addEventListener("error", () => { delete root.dataset.live; });
    for (const name of ["resync", "seats", "waitlist"]) source.addEventListener(name, () => load(fragment, true));
  }

  // With a live connection, one of five polls remains: events are sent at most once.
  function isPollDue(fragment) {
    if (!live || live.fragment !== fragment || live.source.readyState !== EventSource.OPEN) return true;
    live.polls += 1;
    return live.polls % 5 === 0;
  }

  function closeLive() {
    clearTimeout(liveTimer);
    if (live) live.source.close();
    live = null;
    delete root.dataset.live;
  }

  // A hidden page needs no connection.
  document.addEventListener("visibilitychange", () => {
    closeLive();
    const fragment = document.querySelector("[data-live]");
    if (!document.hidden && fragment) follow(fragment);
  });

  // The markup that each fragment shows, so that a poll without changes does not redraw it.
  const shownMarkup = new WeakMap();

  // Shows a text instead of a fragment that cannot be shown.
  function showFragmentError(fragment, text = "This part of the page cannot be shown.") {
    const line = document.createElement("p");
    line.className = "hint";
    line.textContent = text;
    fragment.replaceChildren(line);
    shownMarkup.delete(fragment);
  }

  async function load(fragment, isPoll) {
    if (fragment.dataset.loading) return;
    fragment.dataset.loading = "1";
    try {
      const url = local(fragment.dataset.fragment);
      if (!url || !isFragment(url)) { showFragmentError(fragment); return; }
      const response = await call("GET", url.pathname + url.search);
      // A failed poll keeps the present content.
      if (isPoll && !response.ok && fragment.dataset.status === "200") return;
      if (!isHtml(response)) {
        const text = await errorMessage(response);
        if (fragment.dataset.status === "200") toast(text, "bad"); else showFragmentError(fragment, text);
        return;
      }
      const html = await markup(response, isFragment);
      fragment.dataset.status = response.status;
      if (shownMarkup.get(fragment) === String(html) || !fragment.isConnected) return;
      shownMarkup.set(fragment, String(html));
      const hadFocus = fragment.contains(document.activeElement);
      fragment.innerHTML = html;
      localizeTimes(fragment);
      if (hadFocus) document.getElementById("main").focus({ preventScroll: true });
    } catch {
      if (!isPoll) toast("The network is unavailable. The page retries.", "bad");
    } finally {
      delete fragment.dataset.loading;
      fragment.removeAttribute("aria-busy");
    }
  }

  const reload = () => document.querySelectorAll("[data-fragment]").forEach((fragment) => load(fragment));

  const TIME_STYLES = {
    card: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    long: { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
    until: { hour: "2-digit", minute: "2-digit" },
  };

  // Converts times to the user's time zone.
  function localizeTimes(within) {
    for (const element of within.querySelectorAll("time[data-local]")) {
      const time = new Date(element.dateTime);
      element.textContent = time.toLocaleString(undefined, TIME_STYLES[element.dataset.local] || TIME_STYLES.card);
      element.title = time.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    }
    for (const input of within.querySelectorAll("input[data-instant]")) {
      const time = input.dataset.instant ? new Date(input.dataset.instant) : fullHourIn(input.name === "end_time" ? 26 : 24);
      const inZone = new Date(time.getTime() - time.getTimezoneOffset() * 60000);
      if (!input.value) input.value = inZone.toISOString().slice(0, 16);
    }
  }

  function fullHourIn(hours) {
    const time = new Date(Date.now() + hours * 3600000);
    time.setMinutes(0, 0, 0);
    return time;
  }

  document.addEventListener("click", async (click) => {
    const link = click.target.closest("a[href]");
    if (link && !click.defaultPrevented && click.button === 0 && !(click.metaKey || click.ctrlKey || click.shiftKey || click.altKey)) {
      const to = local(link.href);
      if (to && isPage(to) && !link.target && !to.hash) {
        click.preventDefault();
        if ("more" in link.dataset) showMore(link); else navigate(to.pathname + to.search);
      }
      return;
    }
    const button = click.target.closest("button");
    if (!button) return;
    const provider = button.closest("[data-provider]");
    if (provider) signInWith(provider.dataset.provider, button.form);
    else if (button.dataset.post) post(button);
    else if ("logout" in button.dataset) logout();
    else if ("verify" in button.dataset) sendVerification(button);
  });

  addEventListener("popstate", () => navigate(location.pathname + location.search, { push: false, scroll: false }));

  // Appends the next page of a list.
  async function showMore(link) {
    link.setAttribute("aria-busy", "true");
    const response = await send(link.href, isPage).catch(() => null);
    const page = response && response.ok ? await parsePage(response).catch(() => null) : null;
    if (!page) { link.removeAttribute("aria-busy"); toast("The request failed. Try again.", "bad"); return; }
    const list = document.querySelector("ul.cards");
    page.querySelectorAll("ul.cards > li").forEach((item) => list.append(item));
    const next = page.querySelector("a[data-more]");
    if (next) link.replaceWith(next); else link.closest(".more").remove();
    localizeTimes(list);
  }

