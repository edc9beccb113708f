// The script of all pages. It knows who is there (the access token lives in this file's memory and nowhere else), asks for private pieces of pages, sends forms, and
// follows links without leaving the page, so that the token is kept. Markup is made on the server alone.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");

  // ---- Addresses and markup --------------------------------------------------------------------
  // Every request, navigation and markup passes through these functions, so that text of users
  // decides none of them (SEC-4).

  // Returns the URL of an address on this origin, else null. It uses the browser's URL parser,
  // which drops tabs and treats a backslash as a slash.
  function local(address) {
    try {
      const url = new URL(address, location.origin);
      // A blob URL has the origin of its page too.
      return url.origin === location.origin && url.protocol === location.protocol ? url : null;
    } catch {
      return null;
    }
  }

  // Whether a URL of this origin is below a path for every server. Servers differ on escaped
  // slashes and dots.
  const below = (url, path) => url.pathname.startsWith(path) && !/%(2f|5c|2e)/i.test(url.pathname);

  const isPage = (url) => !["/api/", "/assets/", "/fragments/"].some((path) => url.pathname.startsWith(path));
  const isFragment = (url) => below(url, "/fragments/");
  const isCall = (url) => below(url, "/api/") || isFragment(url);

  // Requests go only to addresses of this service, because they may carry the access token.
  async function send(address, isWanted, options) {
    const url = local(address);
    if (!url || !isWanted(url)) throw new TypeError("not an address of this service");
    return fetch(url, { ...options, redirect: "error" });
  }

  const isHtml = (answer) => /^text\/html *(;|$)/i.test(answer.headers.get("content-type") || "");

  // The only policy that turns text into markup. The response of the text must be a page or a
  // fragment of this service.
  const rules = {
    createHTML(text, answer, isWanted) {
      const url = answer instanceof Response && answer.type === "basic" && local(answer.url);
      if (!url || !isWanted(url) || !isHtml(answer)) throw new TypeError("not markup of this service");
      return text;
    },
  };
  const policy = globalThis.trustedTypes ? trustedTypes.createPolicy("city-events", rules) : rules;

  const markup = async (answer, isWanted) => policy.createHTML(await answer.text(), answer, isWanted);
  const parsed = async (answer) => new DOMParser().parseFromString(await markup(answer, isPage), "text/html");

  // ---- Who is there ------------------------------------------------------------------------------------------------------------------------------------------
  let token = null;
  let user = null;
  let refreshing = null;
  const others = "BroadcastChannel" in window ? new BroadcastChannel("session") : null;

  const shown = (answer) => answer.data || answer;

  function enter(answer) {
    const { tokens, user: somebody } = shown(answer);
    token = tokens.access_token;
    user = somebody;
    localStorage.setItem("was-in", "1");
    tell();
  }

  function leave() {
    token = null;
    user = null;
    localStorage.removeItem("was-in");
    tell();
  }

  function tell() {
    root.dataset.session = user ? "in" : "out";
    root.dataset.role = user ? user.role || "user" : "";
    root.dataset.hasPassword = user && user.has_password === false ? "no" : "yes";
    describe();
  }

  function describe() {
    for (const place of document.querySelectorAll("[data-user]")) {
      const name = place.dataset.user;
      const value = name === "initial" ? ((user && user.email) || "·")[0] : user && user[name];
      place.textContent = value || "…";
    }
    for (const place of document.querySelectorAll("[data-unverified]")) place.hidden = !user || user.email_verified !== false;
  }

  // One at a time in all tabs: a refresh token is good once.
  function refresh() {
    refreshing ||= locked(async () => {
      const answer = await send("/api/auth/refresh", isCall, { method: "POST", keepalive: true });
      if (answer.ok) { enter(await answer.json()); return true; }
      if (answer.status === 401 || answer.status === 403) leave();
      else { token = null; user = null; tell(); }
      return false;
    }).catch(() => { tell(); return false; }).finally(() => { refreshing = null; });
    return refreshing;
  }

  const locked = (work) => navigator.locks ? navigator.locks.request("refresh", work) : work();

  // ---- Asking ------------------------------------------------------------------------------------------------------------------------------------------------
  async function ask(method, path, { body, key, again = true } = {}) {
    const headers = { accept: "application/json, text/html" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (token) headers.authorization = `Bearer ${token}`;
    if (key) headers["idempotency-key"] = key;
    const stop = AbortSignal.timeout(10000);
    const answer = await send(path, isCall, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: stop });
    const repeatable = method === "GET" || key;
    if (answer.status === 401 && token && again && repeatable && !path.startsWith("/api/auth/login") && await refresh()) {
      return ask(method, path, { body, key, again: false });
    }
    return answer;
  }

  const WORDS = {
    "invalid_credentials": "The e-mail or the password is wrong.",
    "email_already_exists": "There is an account with this e-mail already.",
    "account_locked": "This account is locked.",
    "event.full": "The event and its waitlist are full.",
    "event.closed": "Joining is closed.",
    "join.banned": "The organiser does not let you join.",
    "token_invalid": "This link was used already or is too old.",
    "rate_limited": "Too many tries. Wait a little.",
    "upstream_timeout": "That took too long. Try again.",
    "upstream_unavailable": "A service that this needs is away. Try again shortly.",
    "internal_error": "A service that this needs is away. Try again shortly.",
    "last_admin_protected": "The last admin stays one.",
    "cannot_affect_self": "Not to yourself.",
    "cannot_moderate_self": "Not to yourself.",
    "cannot_moderate_admin": "Not to an admin.",
    "user_not_found": "There is no such user.",
  };

  async function problem(answer) {
    let error = {};
    try { error = (await answer.json()).error || {}; } catch { /* an answer without a document */ }
    if (WORDS[error.code]) return WORDS[error.code];
    if (answer.status === 401) return "Sign in first.";
    if (answer.status === 429) return WORDS.rate_limited;
    const more = error.meta ? Object.values(error.meta).join(" ") : "";
    return [error.message || "That did not work. Try again.", more].filter(Boolean).join(": ");
  }

  function toast(text, kind) {
    const line = document.createElement("p");
    line.className = "toast";
    line.textContent = text;
    if (kind) line.dataset.kind = kind;
    document.getElementById("toasts").append(line);
    setTimeout(() => line.remove(), 5000);
  }

  // ---- Pages -------------------------------------------------------------------------------------------------------------------------------------------------
  let visit = 0;
  let polls = [];

  async function go(address, { push = true, scroll = true } = {}) {
    const url = local(address);
    if (!url || !isPage(url)) { toast("This does not lead to a page of this site.", "bad"); return; }
    const mine = ++visit;
    root.classList.add("loading");
    try {
      const page = await parsed(await send(url, isPage, { headers: { accept: "text/html" } }));
      const main = page.getElementById("main");
      if (mine !== visit) return;
      if (!main) { location.assign(url); return; }
      document.title = page.title;
      document.getElementById("main").replaceWith(main);
      for (const name of [".links", ".tabs"]) document.querySelector(name).replaceWith(page.querySelector(name));
      if (push) history.pushState({}, "", url);
      if (scroll) scrollTo({ top: 0, behavior: "instant" });
      main.focus({ preventScroll: true });
      begin();
    } catch {
      location.assign(url);
    } finally {
      if (mine === visit) root.classList.remove("loading");
    }
  }

  function begin() {
    polls.forEach(clearInterval);
    polls = [];
    describe();
    localise(document);
    for (const piece of document.querySelectorAll("[data-fragment]")) {
      const wanted = user || piece.dataset.poll;
      if (user) load(piece);
      else if (root.dataset.session === "out") piece.removeAttribute("aria-busy");
      if (wanted && piece.dataset.poll) {
        polls.push(setInterval(() => { if (!document.hidden) load(piece, true); }, Number(piece.dataset.poll)));
      }
    }
    offer();
    for (const form of document.querySelectorAll("form[data-form=verify], form[data-form=reset]")) {
      if (!form.dataset.token) fail(form, "This link has lost its token. Open it from the message again.");
    }
  }

  // The markup that each fragment shows, so that a poll without changes does not redraw it.
  const last = new WeakMap();

  // Shows a text instead of a fragment that cannot be shown.
  function unshown(piece, text = "This part of the page cannot be shown.") {
    const line = document.createElement("p");
    line.className = "hint";
    line.textContent = text;
    piece.replaceChildren(line);
    last.delete(piece);
  }

  async function load(piece, quietly) {
    if (piece.dataset.asking) return;
    piece.dataset.asking = "1";
    try {
      const url = local(piece.dataset.fragment);
      if (!url || !isFragment(url)) { unshown(piece); return; }
      const answer = await ask("GET", url.pathname + url.search);
      // A poll that met trouble leaves what there is, unless there never was anything.
      if (quietly && !answer.ok && piece.dataset.status === "200") return;
      if (!isHtml(answer)) {
        const text = await problem(answer);
        if (piece.dataset.status === "200") toast(text, "bad"); else unshown(piece, text);
        return;
      }
      const html = await markup(answer, isFragment);
      piece.dataset.status = answer.status;
      if (last.get(piece) === String(html) || !piece.isConnected) return;
      last.set(piece, String(html));
      const focus = piece.contains(document.activeElement);
      piece.innerHTML = html;
      localise(piece);
      if (focus) document.getElementById("main").focus({ preventScroll: true });
    } catch {
      if (!quietly) toast("The network is away. The page tries again.", "bad");
    } finally {
      delete piece.dataset.asking;
      piece.removeAttribute("aria-busy");
    }
  }

  const reload = () => document.querySelectorAll("[data-fragment]").forEach((piece) => load(piece));

  const STYLES = {
    card: { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    long: { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
    until: { hour: "2-digit", minute: "2-digit" },
  };

  function localise(within) {
    for (const time of within.querySelectorAll("time[data-local]")) {
      const moment = new Date(time.dateTime);
      time.textContent = moment.toLocaleString(undefined, STYLES[time.dataset.local] || STYLES.card);
      time.title = moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    }
    for (const input of within.querySelectorAll("input[data-instant]")) {
      const moment = input.dataset.instant ? new Date(input.dataset.instant) : soon(input.name === "end_time" ? 26 : 24);
      const local = new Date(moment.getTime() - moment.getTimezoneOffset() * 60000);
      if (!input.value) input.value = local.toISOString().slice(0, 16);
    }
  }

  function soon(hours) {
    const moment = new Date(Date.now() + hours * 3600000);
    moment.setMinutes(0, 0, 0);
    return moment;
  }

  document.addEventListener("click", async (click) => {
    const link = click.target.closest("a[href]");
    if (link && !click.defaultPrevented && click.button === 0 && !(click.metaKey || click.ctrlKey || click.shiftKey || click.altKey)) {
      const to = local(link.href);
      if (to && isPage(to) && !link.target && !to.hash) {
        click.preventDefault();
        if ("more" in link.dataset) more(link); else go(to.pathname + to.search);
      }
      return;
    }
    const button = click.target.closest("button");
    if (!button) return;
    const provider = button.closest("[data-provider]");
    if (provider) signInElsewhere(button.form, provider.dataset.provider);
    else if (button.dataset.post) act(button);
    else if ("logout" in button.dataset) logout();
    else if ("verify" in button.dataset) sendVerification(button);
  });

  addEventListener("popstate", () => go(location.pathname + location.search, { push: false, scroll: false }));

  // The next part of a list, below the present one.
  async function more(link) {
    link.setAttribute("aria-busy", "true");
    const answer = await send(link.href, isPage).catch(() => null);
    const page = answer && answer.ok ? await parsed(answer).catch(() => null) : null;
    if (!page) { link.removeAttribute("aria-busy"); toast("That did not work. Try again.", "bad"); return; }
    const list = document.querySelector("ul.cards");
    page.querySelectorAll("ul.cards > li").forEach((item) => list.append(item));
    const next = page.querySelector("a[data-more]");
    if (next) link.replaceWith(next); else link.closest(".more").remove();
    localise(list);
  }

  // ---- Doing -------------------------------------------------------------------------------------------------------------------------------------------------
  // One key per wish: a click that is repeated because its answer was lost has the first answer.
  const keys = new Map();

  function confirmed(text, withReason) {
    const dialog = document.getElementById("ask");
    const reason = document.getElementById("ask-reason");
    document.getElementById("ask-text").textContent = text;
    reason.hidden = !withReason;
    reason.querySelector("textarea").value = "";
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((done) => dialog.addEventListener("close", () => {
      done(dialog.returnValue === "yes" ? { reason: reason.querySelector("textarea").value } : null);
    }, { once: true }));
  }

  async function act(button) {
    if (button.getAttribute("aria-busy") === "true") return;
    const { post, confirm, done, then, userId, method = "POST" } = button.dataset;
    let body = userId ? { user_id: userId } : {};
    let path = post;
    if (confirm) {
      const answer = await confirmed(confirm, "reason" in button.dataset);
      if (!answer) return;
      if ("reason" in button.dataset) body.reason = answer.reason;
    }
    if (method === "DELETE") {
      if (body.reason) path += `?reason=${encodeURIComponent(body.reason)}`;
      body = undefined;
    }
    button.setAttribute("aria-busy", "true");
    let key;
    if ("idempotent" in button.dataset) {
      key = keys.get(post) || crypto.randomUUID();
      keys.set(post, key);
    }
    try {
      const answer = await ask(method, path, { body, key });
      keys.delete(post);
      if (answer.ok) {
        if (done) toast(done);
        if (then === "logout") { leave(); go("/login"); }
      } else {
        toast(await problem(answer), "bad");
      }
      reload();
    } catch {
      toast("No answer came. Press again: nothing is done twice.", "bad");
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  async function logout() {
    const answer = await send("/api/auth/logout", isCall, { method: "POST" }).catch(() => null);
    // The cookie is still there, and whoever sits here next would be signed in by it.
    if (!answer || !answer.ok) { toast("You are still signed in. Try again.", "bad"); return; }
    leave();
    others?.postMessage("out");
    go("/");
  }

  async function sendVerification(button) {
    button.disabled = true;
    const answer = await ask("POST", "/api/auth/verify-email/request", { body: { email: user.email } }).catch(() => null);
    button.disabled = false;
    if (answer && answer.ok) toast("Sent. Look into your mailbox.");
    else toast(answer ? await problem(answer) : "The network is away.", "bad");
  }

  function fail(form, text) {
    const alert = form.querySelector(".alert");
    alert.textContent = text;
    alert.hidden = false;
  }

  function event(form) {
    const fields = Object.fromEntries(new FormData(form));
    const instant = (text) => new Date(text).toISOString();
    return {
      title: fields.title.trim(), description: fields.description.trim(), city: fields.city.trim(), category: fields.category.trim(),
      start_time: instant(fields.start_time), end_time: instant(fields.end_time), capacity: Number(fields.capacity || 0),
    };
  }

  // The page after a login. The server prints only paths of this site, and the script compares the
  // origins again.
  function next(form) {
    const url = local(form.dataset.next || "/");
    return url && isPage(url) ? url.pathname + url.search + url.hash : "/";
  }

  const FORMS = {
    async login(form, fields) {
      const answer = await ask("POST", "/api/auth/login", { body: fields });
      if (!answer.ok) return problem(answer);
      enter(await answer.json());
      others?.postMessage("in");
      go(next(form));
    },
    async register(form, fields) {
      const answer = await ask("POST", "/api/auth/register", { body: fields });
      if (!answer.ok) return problem(answer);
      enter(await answer.json());
      others?.postMessage("in");
      toast("Welcome! A message to verify your e-mail is on its way.");
      go(next(form));
    },
    async forgot(form, fields) {
      const answer = await ask("POST", "/api/auth/password/reset/request", { body: fields });
      if (!answer.ok) return problem(answer);
      toast("If there is such an account, the link is on its way.");
      go("/login");
    },
    async verify(form) {
      const answer = await ask("POST", "/api/auth/verify-email/confirm", { body: { token: form.dataset.token } });
      if (!answer.ok) return problem(answer);
      if (user) user.email_verified = true;
      toast("Verified. Thank you.");
      go(user ? "/profile" : "/login");
    },
    async reset(form, fields) {
      const answer = await ask("POST", "/api/auth/password/reset/confirm", { body: { token: form.dataset.token, ...fields } });
      if (!answer.ok) return problem(answer);
      leave();
      toast("The new password is set. Sign in with it.");
      go("/login");
    },
    async password(form, fields) {
      const answer = await ask("POST", "/api/auth/password/change", { body: fields });
      if (!answer.ok) return problem(answer);
      leave();
      toast("Changed. Sign in with the new one.");
      go("/login?next=/profile");
    },
    async create(form, fields, then) {
      const answer = await ask("POST", "/api/events", { body: event(form) });
      if (!answer.ok) return problem(answer);
      const made = await answer.json();
      if (then === "publish") {
        const published = await ask("POST", `/api/events/${encodeURIComponent(made.id)}/publish`, { body: {} });
        if (published.ok) toast("Published. Everybody can see it now.");
        else toast(`Saved as a draft: ${await problem(published)}`, "bad");
      } else {
        toast("Saved. Nobody else sees it yet.");
      }
      go(`/events/${encodeURIComponent(made.id)}`);
    },
    async update(form) {
      const answer = await ask("PATCH", `/api/events/${encodeURIComponent(form.dataset.id)}`, { body: event(form) });
      if (!answer.ok) return problem(answer);
      toast("Saved.");
      go(`/events/${encodeURIComponent(form.dataset.id)}`);
    },
    async ban(form, fields, then) {
      const answer = await ask("POST", `/api/auth/mod/users/${encodeURIComponent(fields.user_id)}/${then === "unban" ? "unban" : "ban"}`, { body: {} });
      if (!answer.ok) return problem(answer);
      toast(then === "unban" ? "The user is let in again." : "The user is banned.");
    },
    async unban(form, fields) {
      const path = `/api/events/${encodeURIComponent(form.dataset.id)}/bans/${encodeURIComponent(fields.user_id)}`;
      const answer = await ask("DELETE", path);
      if (!answer.ok) return problem(answer);
      toast("They may join again.");
    },
    async role(form, fields) {
      const answer = await ask("POST", `/api/auth/admin/users/${encodeURIComponent(fields.user_id)}/role`, { body: { role: fields.role } });
      if (!answer.ok) return problem(answer);
      toast("The role is given.");
    },
  };

  document.addEventListener("submit", async (submit) => {
    const form = submit.target;
    const name = form.getAttribute("data-form");
    // Buttons of the dialog close it and send nothing.
    if (!name && form.getAttribute("method") === "dialog") return;
    submit.preventDefault();
    if (!name) {
      // A search form. Any other form is not sent.
      const url = form.getAttribute("method") === "get" && local(form.getAttribute("action") || "");
      if (!url) return;
      url.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
      go(url);
      return;
    }
    if (!Object.hasOwn(FORMS, name) || form.dataset.busy) return;
    form.querySelector(".alert").hidden = true;
    if (!form.reportValidity()) return;
    const button = submit.submitter;
    form.dataset.busy = "1";
    button?.setAttribute("aria-busy", "true");
    try {
      const said = await FORMS[name](form, Object.fromEntries(new FormData(form)), button?.value);
      if (said) fail(form, said);
    } catch {
      fail(form, "The network is away. Try again.");
    } finally {
      delete form.dataset.busy;
      button?.removeAttribute("aria-busy");
    }
  });

  // ---- Signing in elsewhere ----------------------------------------------------------------------------------------------------------------------------------
  let providers = null;

  // Only what the auth service says is set up can be seen.
  async function offer() {
    const places = [...document.querySelectorAll("[data-provider]")];
    if (!places.length) return;
    providers ||= send("/api/auth/oauth/providers", isCall).then(async (answer) => {
      if (!answer.ok) throw new Error("it does not say");
      return shown(await answer.json()).providers;
    });
    const known = await providers.catch(() => { providers = null; return []; });
    for (const place of places) place.hidden = !known.includes(place.dataset.provider);
  }

  // In a window of its own, which says how it went and closes. A browser that opens none goes there itself, and comes back with what the last page has kept.
  function signInElsewhere(form, provider) {
    form.querySelector(".alert").hidden = true;
    const address = local(`/api/auth/oauth/${encodeURIComponent(provider)}/start?redirect_to=${encodeURIComponent(next(form))}`);
    if (!address || !below(address, "/api/auth/oauth/")) return;
    const opened = open(address, "sign-in", "popup,width=480,height=640");
    if (!opened) location.assign(address);
  }

  addEventListener("message", ({ origin, data }) => {
    if (origin !== location.origin || !data) return;
    const form = document.querySelector("form:has([data-provider])");
    if (data.type === "oauth_success") {
      arrive(data);
      go(form ? next(form) : "/");
    } else if (data.type === "oauth_error" && form) {
      fail(form, `That did not work: ${data.error}.`);
    }
  });

  function arrive({ access_token, user: somebody }) {
    enter({ tokens: { access_token }, user: somebody });
    others?.postMessage("in");
    // What the message leaves out: whether there is a password.
    ask("GET", "/api/auth/me").then(async (answer) => {
      if (!answer.ok || !user) return;
      user = shown(await answer.json()).user;
      tell();
    }).catch(() => {});
  }

  function kept() {
    const text = sessionStorage.getItem("oauth_result");
    sessionStorage.removeItem("oauth_result");
    return text && JSON.parse(text);
  }

  // Cities, as they are written.
  let typing = 0;
  document.addEventListener("input", (input) => {
    const field = input.target;
    if (!field.dataset || !field.dataset.suggest || field.value.trim().length < 2) return;
    clearTimeout(typing);
    typing = setTimeout(async () => {
      const answer = await send(`${field.dataset.suggest}?q=${encodeURIComponent(field.value.trim())}`, isCall).catch(() => null);
      if (!answer || !answer.ok) return;
      const { data } = await answer.json();
      const list = document.getElementById("cities");
      list?.replaceChildren(...data.map((city) => Object.assign(document.createElement("option"), { value: city })));
    }, 200);
  });

  others?.addEventListener("message", ({ data }) => {
    if (data === "out") { token = null; user = null; tell(); begin(); }
    if (data === "in" && !user) refresh().then(begin);
  });

  (async () => {
    const came = kept();
    if (came) { arrive(came); begin(); return; }
    // Nobody who was never here is asked for: that would cost each first look a call that fails.
    if (localStorage.getItem("was-in")) await refresh(); else tell();
    if (root.dataset.session === "unknown") tell();
    begin();
  })();
})();
