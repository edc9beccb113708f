  // ---- Calls ----
  // Sends a call. It refreshes an expired token once, if the call may be repeated.
  async function call(method, path, { body, key, mayRefresh = true } = {}) {
    const headers = { accept: "application/json, text/html" };
    const isFile = body instanceof Blob;
    if (body !== undefined) headers["content-type"] = isFile ? "text/csv" : "application/json";
    if (token) headers.authorization = `Bearer ${token}`;
    if (key) headers["idempotency-key"] = key;
    const signal = AbortSignal.timeout(10000);
    const response = await send(path, isCall, { method, headers, body: body === undefined || isFile ? body : JSON.stringify(body), signal });
    // A repeated file is checked again, and stores nothing.
    const isRepeatable = method === "GET" || key || isFile;
    if (response.status === 401 && token && mayRefresh && isRepeatable && !path.startsWith("/api/auth/login") && await refresh()) {
      return call(method, path, { body, key, mayRefresh: false });
    }
    return response;
  }

  const MESSAGES = {
    "invalid_credentials": "The e-mail or the password is wrong.",
    "email_already_exists": "An account with this e-mail already exists.",
    "account_locked": "This account is locked.",
    "event.full": "The event and its waitlist are full.",
    "event.closed": "Joining is closed.",
    "join.banned": "The host banned you from this event.",
    "totp_invalid": "The code is wrong or was already used.",
    "totp_exists": "Two-step sign-in is already on.",
    "feature_disabled": "This is not available.",
    "email_not_verified": "Verify your e-mail address first.",
    "token_invalid": "This link was already used or has expired.",
    "rate_limited": "Too many requests. Wait a moment.",
    "upstream_timeout": "The request took too long. Try again.",
    "upstream_unavailable": "A required service is unavailable. Try again shortly.",
    "internal_error": "A required service is unavailable. Try again shortly.",
    "last_admin_protected": "The last admin keeps the role.",
    "cannot_affect_self": "You cannot do this to yourself.",
    "cannot_moderate_self": "You cannot do this to yourself.",
    "cannot_moderate_admin": "You cannot do this to an admin.",
    "user_not_found": "This user does not exist.",
  };

  async function errorMessage(response) {
    let error = {};
    try { error = (await response.json()).error || {}; } catch { /* the response has no JSON body */ }
    if (MESSAGES[error.code]) return MESSAGES[error.code];
    if (response.status === 401) return "Sign in first.";
    if (response.status === 429) return MESSAGES.rate_limited;
    const details = error.meta ? Object.values(error.meta).join(" ") : "";
    return [error.message || "The request failed. Try again.", details].filter(Boolean).join(": ");
  }

  function toast(text, kind) {
    const line = document.createElement("p");
    line.className = "toast";
    line.textContent = text;
    if (kind) line.dataset.kind = kind;
    document.getElementById("toasts").append(line);
    setTimeout(() => line.remove(), 5000);
  }

