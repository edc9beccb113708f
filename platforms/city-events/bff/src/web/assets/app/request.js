  // The script of all pages. The parts of this folder share one scope: `assets.rs` joins them.
  // Only the server creates markup. The access token exists only in the memory of this script, so
  // links change the page without a page load.
  const root = document.documentElement;
  root.classList.add("scripted");

  // ---- Addresses and markup ----
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
  async function send(address, isAllowed, options) {
    const url = local(address);
    if (!url || !isAllowed(url)) throw new TypeError("not an address of this service");
    return fetch(url, { ...options, redirect: "error" });
  }

  const isHtml = (response) => /^text\/html *(;|$)/i.test(response.headers.get("content-type") || "");

  // The only policy that turns text into markup. The response of the text must be a page or a
  // fragment of this service.
  const rules = {
    createHTML(text, response, isAllowed) {
      const url = response instanceof Response && response.type === "basic" && local(response.url);
      if (!url || !isAllowed(url) || !isHtml(response)) throw new TypeError("not markup of this service");
      return text;
    },
  };
  const policy = globalThis.trustedTypes ? trustedTypes.createPolicy("city-events", rules) : rules;

  const markup = async (response, isAllowed) => policy.createHTML(await response.text(), response, isAllowed);
  const parsePage = async (response) => new DOMParser().parseFromString(await markup(response, isPage), "text/html");

