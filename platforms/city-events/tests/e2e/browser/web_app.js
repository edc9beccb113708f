// Imitates the web app, which is not available. It calls the gateway as the web app does: section 10 of the
// interface contract lists its calls, and what it needs in each response. It fails where the web app would. A test
// evaluates this in a page of the gateway, so that calls have the origin and the cookies of a user.
globalThis.webApp = (() => {
  const TIMEOUT_MS = 10_000;
  const RETRIED_WITHOUT_TOKEN = ["/auth/login", "/auth/register", "/feed", "/events/"];
  const EVENT_STATUSES = ["draft", "published", "canceled"];
  const PARTICIPATIONS = ["none", "joined", "active", "canceled", "cancelled", "waitlisted", "rejected", "expired"];

  let token = null;
  let refreshing = null;
  const sent = [];

  const need = (is_right, what, value) => {
    if (!is_right) throw new Error(`${what}: ${JSON.stringify(value)}`);
  };
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

  // The schemas.
  const readError = (status, value) => {
    const error = isObject(value) ? value.error : undefined;
    const isReadable = isObject(error) && typeof error.code === "string" && typeof error.message === "string";
    return { status, code: isReadable ? error.code : "", message: isReadable ? error.message : "" };
  };
  const readPage = (value) => {
    need(isObject(value), "not a page", value);
    const items = value.items ?? [];
    need(Array.isArray(items), "items is not an array", value);
    items.forEach((card) => need(typeof card.id === "string" && card.id !== "", "a card has no id", card));
    return { items, cursor: value.next_cursor ?? "" };
  };
  const readView = (value) => {
    need(isObject(value?.event) && typeof value.event.id === "string", "not a view", value);
    const status = EVENT_STATUSES.includes(value.event.status) ? value.event.status : "published";
    const participation = value.participation?.status;
    const actions = {};
    for (const name of ["can_join", "can_cancel", "can_cancel_event", "can_unpublish", "can_edit"]) {
      actions[name] = value.actions?.[name] === true;
    }
    return {
      id: value.event.id,
      title: value.event.title,
      status,
      participation: PARTICIPATIONS.includes(participation) ? participation : "none",
      actions,
      reason: value.actions?.reason ?? "",
    };
  };
  const readJoin = (value) => {
    const isState = typeof value?.event_id === "string" && typeof value?.user_id === "string";
    need(isState, "not the state of a join", value);
    return value.status ?? "none";
  };
  const readUser = (value) => {
    const body = value?.data ?? value;
    need(typeof body?.tokens?.access_token === "string" && isObject(body.user), "no tokens", Object.keys(body ?? {}));
    token = body.tokens.access_token;
    return { ...body.user, showsPasswordForm: body.user.has_password !== false };
  };

  // The calls.
  const send = async (method, path, body, key, bearer) => {
    const headers = { "Content-Type": "application/json" };
    if (bearer !== null) headers.Authorization = `Bearer ${bearer}`;
    if (key !== undefined) headers["Idempotency-Key"] = key;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const content = body === undefined ? undefined : JSON.stringify(body);
    const response = await fetch(`/api${path}`, { method, headers, body: content, credentials: "include", signal });
    sent.push(`${method} ${path} ${response.status}`);
    return response;
  };
  const refresh = () => {
    refreshing ??= send("POST", "/auth/refresh", {}, undefined, null)
      .then(async (response) => (response.ok ? readUser(await response.json()) : null))
      .then((user) => {
        if (user === null) token = null;
        return user;
      })
      .finally(() => {
        refreshing = null;
      });
    return refreshing;
  };
  const call = async (method, path, body, key) => {
    const bearer = token;
    let response = await send(method, path, body, key, bearer);
    if (response.status === 401 && bearer !== null) {
      if (RETRIED_WITHOUT_TOKEN.some((part) => path.includes(part))) {
        response = await send(method, path, body, key, null);
      } else if ((await refresh()) !== null && (method === "GET" || key !== undefined)) {
        response = await send(method, path, body, key, token);
      }
    }
    const text = await response.text();
    const value = text === "" ? null : JSON.parse(text);
    if (!response.ok) throw readError(response.status, value);
    return value;
  };
  const pages = async (path) => {
    const cards = [];
    for (let cursor = ""; ; ) {
      const separator = path.includes("?") ? "&" : "?";
      const suffix = cursor === "" ? "" : `${separator}cursor=${encodeURIComponent(cursor)}`;
      const page = readPage(await call("GET", path + suffix));
      cards.push(...page.items);
      cursor = page.cursor;
      if (cursor === "") return cards;
    }
  };

  return {
    sent,
    start: refresh,
    register: async (email, password) =>
      readUser(await call("POST", "/auth/register", { email, password, name: "Name" })),
    signIn: async (email, password) => readUser(await call("POST", "/auth/login", { email, password })),
    signOut: async () => {
      await call("POST", "/auth/logout", {});
      token = null;
    },
    verify: async (verification) => call("POST", "/auth/verify-email/confirm", { token: verification }),
    feed: (type) => pages(`/feed/recommended?limit=10&type=${type}`),
    myJoins: () => pages("/me/joins"),
    myEvents: () => pages("/me/events"),
    view: async (id) => readView(await call("GET", `/events/${id}/view`)),
    join: async (id) => readJoin(await call("POST", `/events/${id}/join`, {}, crypto.randomUUID())),
    cancel: async (id) => readJoin(await call("POST", `/events/${id}/cancel`, {}, crypto.randomUUID())),
    publish: async (event) => {
      const { id } = await call("POST", "/events", event);
      need(typeof id === "string", "the created event has no id", id ?? null);
      const published = await call("POST", `/events/${id}/publish`, {});
      return { id, status: published.status };
    },
    picture: async (id) => {
      const media = await call("GET", `/media/${id}/status`);
      return { status: media.status, url: media.derived_urls?.["512"] ?? media.derived_urls?.["800"] ?? "" };
    },
    spoilToken: () => {
      token = `${token}x`;
    },
  };
})();
