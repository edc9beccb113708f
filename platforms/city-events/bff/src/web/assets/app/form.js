  // ---- Forms ----
  function showError(form, text) {
    const alert = form.querySelector(".alert");
    alert.textContent = text;
    alert.hidden = false;
  }

  function eventOf(form) {
    const fields = Object.fromEntries(new FormData(form));
    const instant = (text) => new Date(text).toISOString();
    const cover = form.querySelector("[name=cover_image_ids]");
    return {
      ...(cover && { cover_image_ids: cover.value ? [cover.value] : [] }),
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

  // Each function returns an error message, or nothing after a success.
  const FORMS = {
    async login(form, fields) {
      const response = await call("POST", "/api/auth/login", { body: fields });
      if (!response.ok) return await asksForCode(form, response) ? "" : errorMessage(response);
      startSession(await response.json());
      otherTabs?.postMessage("in");
      navigate(next(form));
    },
    async totpBegin(form, fields) {
      const response = await call("POST", "/api/auth/totp/enroll", { body: fields });
      if (!response.ok) return errorMessage(response);
      form.reset();
      showEnrollment(dataOf(await response.json()));
    },
    async totpConfirm(form, fields) {
      const response = await call("POST", "/api/auth/totp/confirm", { body: fields });
      if (!response.ok) return errorMessage(response);
      form.reset();
      // All other sessions have ended, and so has the former token.
      const confirmed = await response.json();
      startSession(confirmed);
      showRecoveryCodes(dataOf(confirmed).recovery_codes);
    },
    async totpDisable(form, fields) {
      const response = await call("POST", "/api/auth/totp/disable", { body: fields });
      if (!response.ok) return errorMessage(response);
      form.reset();
      toast("Two-step sign-in is off.");
      showStep("off");
    },
    async register(form, fields) {
      const response = await call("POST", "/api/auth/register", { body: fields });
      if (!response.ok) return errorMessage(response);
      startSession(await response.json());
      otherTabs?.postMessage("in");
      toast("Welcome! We sent you a message to verify your e-mail.");
      navigate(next(form));
    },
    async forgot(form, fields) {
      const response = await call("POST", "/api/auth/password/reset/request", { body: fields });
      if (!response.ok) return errorMessage(response);
      toast("If the account exists, we sent the link.");
      navigate("/login");
    },
    async verify(form) {
      const response = await call("POST", "/api/auth/verify-email/confirm", { body: { token: form.dataset.token } });
      if (!response.ok) return errorMessage(response);
      if (user) user.email_verified = true;
      toast("Your e-mail address is verified.");
      navigate(user ? "/profile" : "/login");
    },
    async reset(form, fields) {
      const response = await call("POST", "/api/auth/password/reset/confirm", { body: { token: form.dataset.token, ...fields } });
      if (!response.ok) return errorMessage(response);
      endSession();
      toast("The new password is set. Sign in with it.");
      navigate("/login");
    },
    async password(form, fields) {
      const response = await call("POST", "/api/auth/password/change", { body: fields });
      if (!response.ok) return errorMessage(response);
      endSession();
      toast("The password is changed. Sign in with the new one.");
      navigate("/login?next=/profile");
    },
    async avatar(form) {
      const failure = await uploadPicture(form);
      if (failure) return failure;
      const id = form.querySelector("[name=avatar_url]").value;
      if (!id) return "Choose a file first.";
      const response = await call("PATCH", "/api/auth/me/avatar", { body: { avatar_url: id } });
      if (!response.ok) return errorMessage(response);
      user.avatar_url = dataOf(await response.json()).avatar_url;
      showUser();
      toast("Your picture is saved.");
      reload();
    },
    async create(form, fields, then) {
      const failure = await uploadPicture(form);
      if (failure) return failure;
      const response = await call("POST", "/api/events", { body: eventOf(form) });
      if (!response.ok) return errorMessage(response);
      const created = await response.json();
      if (then === "publish") {
        const published = await call("POST", `/api/events/${encodeURIComponent(created.id)}/publish`, { body: {} });
        if (published.ok) toast("Published. Everyone can see it now.");
        else toast(`Saved as a draft: ${await errorMessage(published)}`, "bad");
      } else {
        toast("Saved as a draft.");
      }
      navigate(`/events/${encodeURIComponent(created.id)}`);
    },
    async update(form) {
      const failure = await uploadPicture(form);
      if (failure) return failure;
      const response = await call("PATCH", `/api/events/${encodeURIComponent(form.dataset.id)}`, { body: eventOf(form) });
      if (!response.ok) return errorMessage(response);
      toast("Saved.");
      navigate(`/events/${encodeURIComponent(form.dataset.id)}`);
    },
    async import(form) {
      const [file] = form.querySelector("input[type=file]").files;
      if (!file) return "Choose a file first.";
      const response = await call("POST", `/api/imports?name=${encodeURIComponent(file.name)}`, { body: file });
      if (response.status === 413) return "The file is larger than 1 MB.";
      if (!response.ok) return errorMessage(response);
      const { id } = await response.json();
      navigate(`/me/imports/${encodeURIComponent(id)}`);
    },
    async moderate(form, fields, then) {
      const user = encodeURIComponent(fields.user_id);
      const [path, done] = {
        unban: [`/api/auth/mod/users/${user}/unban`, "The ban is lifted."],
        reset: [`/api/auth/admin/users/${user}/totp/reset`, "Two-step sign-in of the user is off."],
      }[then] ?? [`/api/auth/mod/users/${user}/ban`, "The user is banned."];
      const response = await call("POST", path, { body: {} });
      if (!response.ok) return errorMessage(response);
      toast(done);
    },
    async unban(form, fields) {
      const path = `/api/events/${encodeURIComponent(form.dataset.id)}/bans/${encodeURIComponent(fields.user_id)}`;
      const response = await call("DELETE", path);
      if (!response.ok) return errorMessage(response);
      toast("The user can join again.");
    },
    async role(form, fields) {
      const response = await call("POST", `/api/auth/admin/users/${encodeURIComponent(fields.user_id)}/role`, { body: { role: fields.role } });
      if (!response.ok) return errorMessage(response);
      toast("The role is set.");
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
      navigate(url);
      return;
    }
    if (!Object.hasOwn(FORMS, name) || form.dataset.busy) return;
    form.querySelector(".alert").hidden = true;
    if (!form.reportValidity()) return;
    const button = submit.submitter;
    form.dataset.busy = "1";
    button?.setAttribute("aria-busy", "true");
    try {
      const error = await FORMS[name](form, Object.fromEntries(new FormData(form)), button?.value);
      if (error) showError(form, error);
    } catch {
      showError(form, "The network is unavailable. Try again.");
    } finally {
      delete form.dataset.busy;
      button?.removeAttribute("aria-busy");
    }
  });

  // Suggests cities while the user types.
  let suggesting = 0;
  document.addEventListener("input", (input) => {
    const field = input.target;
    if (!field.dataset || !field.dataset.suggest || field.value.trim().length < 2) return;
    clearTimeout(suggesting);
    suggesting = setTimeout(async () => {
      const response = await send(`${field.dataset.suggest}?q=${encodeURIComponent(field.value.trim())}`, isCall).catch(() => null);
      if (!response || !response.ok) return;
      const { data } = await response.json();
      const list = document.getElementById("cities");
      list?.replaceChildren(...data.map((city) => Object.assign(document.createElement("option"), { value: city })));
    }, 200);
  });

