// The main flow as student, trainer and admin. Each step calls the gateway.
"use strict";

const email = `student-${Date.now()}@example.org`;
const tokens = {};
const found = {};
let config;

async function call(role, method, path, body) {
  const headers = { "content-type": "application/json", "x-client-type": "mobile" };
  if (tokens[role]) headers.authorization = `Bearer ${tokens[role]}`;
  const options = { method, headers, body: body && JSON.stringify(body) };
  const response = await fetch(`${config.gateway}/api/v1${path}`, options);
  const answer = await response.json();
  show(`${role}: ${method} ${path} → ${response.status}`, answer, !response.ok);
  if (!response.ok) throw new Error(answer.message);
  return answer.data;
}

function show(title, answer, failed) {
  const item = document.createElement("li");
  const head = document.createElement("div");
  const body = document.createElement("pre");
  head.textContent = title;
  head.className = failed ? "failed" : "";
  body.textContent = JSON.stringify(answer, hideToken, 2);
  // A long answer scrolls, also by the keyboard.
  body.tabIndex = 0;
  item.append(head, body);
  document.getElementById("answers").prepend(item);
}

function hideToken(name, value) {
  return name === "accessToken" || name === "refreshToken" ? "…" : value;
}

/** Repeats a step until it has a result. The services learn of each other by messages. */
async function until(step) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    try {
      const result = await step();
      if (result) return result;
    } catch (error) {
      if (attempt === 299) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the result did not arrive in time");
}

function user() {
  return JSON.parse(atob(tokens.student.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sub;
}

function logIn(role, path, credentials) {
  return async () => {
    tokens[role] = (await call(role, "POST", `${path}/login`, credentials())).tokens.accessToken;
  };
}

const steps = {
  student: {
    "Register": () =>
      call("student", "POST", "/students/auth/register", { email, password: config.password }),
    "Verify the code of the mail": async () => {
      const code = await until(async () => {
        const mail = await fetch(`code?email=${encodeURIComponent(email)}`);
        return mail.ok && (await mail.json()).code;
      });
      const verified = await call("student", "POST", "/students/auth/email/verify", { email, otp: code });
      tokens.student = verified.tokens.accessToken;
    },
    "List courses": async () => {
      found.course = (await call("student", "GET", "/courses")).items[0].id;
    },
    "Ask for the price": () =>
      call("student", "GET", "/booking/pricing/calculate?classType=ONE_ON_ONE&sessionCount=30"),
    "Order 30 sessions": async () => {
      const date = new Date(Date.now() + 7 * 86400000).toISOString().slice(0, 10);
      found.order = await until(() => call("student", "POST", "/payments/session-booking", {
        courseId: found.course,
        sessionCount: 30,
        groupSize: 1,
        learningMode: "home",
        schedule: { timeSlot: "16:00", startDate: date, deliveryMode: "WEEKDAY_DAILY" },
        location: { address: "4th Cross", latitude: 12.28, longitude: 76.63 },
      }));
    },
    "Pay at the provider (a fake)": async () => {
      found.paid = await call("student", "POST", `/payments/fake/${found.order.orderId}/pay`, {});
    },
    "Confirm the payment": () =>
      call("student", "POST", `/payments/${found.order.payment.id}/confirm`, found.paid),
    "See the open course": () => until(async () => {
      const path = `/students/${user()}/courses/${found.course}/state`;
      return (await call("student", "GET", path)).purchaseStatus === "READY";
    }),
    "See the home page": () => call("student", "GET", `/students/${user()}/home`),
  },
  trainer: {
    "Log in": logIn("trainer", "/trainers/auth", () => ({
      email: config.trainer,
      password: config.password,
    })),
    "See the own application": () => call("trainer", "GET", "/trainers/auth/application"),
  },
  admin: {
    "Log in": logIn("admin", "/admin/auth", () => config.admin),
    "List applications": async () => {
      const path = "/admin/trainers/approvals?status=PENDING";
      found.application = (await call("admin", "GET", path)).items[0]?.applicationId;
    },
    "Approve an application": () => found.application
      && call("admin", "POST", `/admin/trainers/approvals/${found.application}/approve`, {}),
    "List public trainers": () => until(async () =>
      (await call("admin", "GET", "/trainers")).items.length > 0),
    "List students": () => call("admin", "GET", "/students"),
    "See the audit log": () => call("admin", "GET", "/admin/audit-log"),
  },
};

async function run(list) {
  const status = document.getElementById("status");
  try {
    for (const step of list) await step();
    status.textContent = "done";
  } catch (error) {
    status.textContent = `failed: ${error.message}`;
  }
}

async function start() {
  config = await (await fetch("config")).json();
  for (const [role, own] of Object.entries(steps)) {
    for (const [name, step] of Object.entries(own)) {
      const button = document.createElement("button");
      button.textContent = name;
      button.addEventListener("click", () => run([step]));
      document.getElementById(role).append(button);
    }
  }
  const all = Object.values(steps).flatMap((own) => Object.values(own));
  document.getElementById("all").addEventListener("click", () => run(all));
  if (location.search === "?run") await run(all);
}

start();
