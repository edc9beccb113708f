//! Decisions, webhooks, statuses, locks, constraints and failures that become values.

use super::check;
use crate::model::facts::Practice;

#[test]
fn statuses_of_responses_are_read_obs_8() {
    check(&[
        (
            Practice::IgnoredError,
            "a.py",
            "def charge(order):\n    requests.post(URL, json=order, timeout=3)\n",
            "def charge(order):\n    requests.post(URL, json=order, timeout=3).raise_for_status()\n",
        ),
        (
            Practice::IgnoredError,
            "a.ts",
            "async function a() {\n  const res = await fetch(url);\n  return res.json();\n}\n",
            "async function a() {\n  const res = await fetch(url);\n  if (!res.ok) throw new Error('a');\n  return res.json();\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func a() error {\n\tresp, err := client.Do(req)\n\treturn json.NewDecoder(resp.Body).Decode(&out)\n}\n",
            "func a() error {\n\tresp, err := client.Do(req)\n\tif resp.StatusCode != 200 {\n\t\treturn errStatus\n\t}\n\treturn json.NewDecoder(resp.Body).Decode(&out)\n}\n",
        ),
    ]);
}

#[test]
fn notifications_of_providers_are_verified_and_recognized_auth_6() {
    check(&[
        (
            Practice::Webhook,
            "a.ts",
            "const own = createHmac('sha256', key).update(JSON.stringify(req.body)).digest('hex');\n",
            "const own = createHmac('sha256', key).update(req.rawBody).digest('hex');\n",
        ),
        (
            Practice::SecretComparison,
            "a.go",
            "func a(r *http.Request) bool {\n\treturn r.Header.Get(\"X-Signature\") != sign(body)\n}\n",
            "func a(r *http.Request) bool {\n\treturn hmac.Equal([]byte(r.Header.Get(\"X-Signature\")), own)\n}\n",
        ),
        (
            Practice::SecretComparison,
            "a.ts",
            "function a(req) {\n  return req.headers['x-signature'] !== expected;\n}\n",
            "function a(req) {\n  return timingSafeEqual(req.headers['x-signature'], expected);\n}\n",
        ),
        (
            Practice::Idempotency,
            "a.go",
            "func (h *H) Webhook(w http.ResponseWriter, r *http.Request) {\n\th.svc.Deposit(r.Context(), e.Wallet, e.Amount)\n}\n",
            "func (h *H) Webhook(w http.ResponseWriter, r *http.Request) {\n\tif h.svc.Processed(e.ID) {\n\t\treturn\n\t}\n\th.svc.Deposit(r.Context(), e.Wallet, e.Amount)\n}\n",
        ),
        (
            Practice::Idempotency,
            "a.ts",
            "router.post('/webhooks/pay', async (req, res) => {\n  await pool.query('UPDATE a SET paid = paid + 1');\n});\n",
            "router.post('/webhooks/pay', async (req, res) => {\n  await pool.query('INSERT INTO events (event_id) VALUES ($1) ON CONFLICT DO NOTHING');\n});\n",
        ),
    ]);
}

#[test]
fn questions_that_decide_about_a_change_are_found_data_3() {
    check(&[
        (
            Practice::SharedState,
            "a.go",
            "func (s *S) Redeem(ctx context.Context, code string) error {\n\tused, err := s.repo.CouponUsed(ctx, code)\n\tif err != nil {\n\t\treturn err\n\t}\n\tif used {\n\t\treturn errUsed\n\t}\n\treturn s.repo.MarkCoupon(ctx, code)\n}\n",
            "func (s *S) Redeem(ctx context.Context, code string) error {\n\treturn s.repo.MarkUnusedCoupon(ctx, code)\n}\n",
        ),
        (
            Practice::SharedState,
            "a.ts",
            "class A {\n  async redeem(code: string) {\n    const used = await this.coupons.isUsed(code);\n    if (used) throw new Error('used');\n    await this.coupons.markUsed(code);\n  }\n}\n",
            "class A {\n  async redeem(code: string) {\n    const changed = await this.coupons.markUnused(code);\n    if (!changed) throw new Error('used');\n  }\n}\n",
        ),
        (
            Practice::SharedState,
            "a.py",
            "def invoice(db):\n    return Invoice(number=db.query(Invoice).count() + 1)\n",
            "def invoice(db):\n    return Invoice(number=db.scalar(numbers.next_value()))\n",
        ),
        (
            Practice::SharedState,
            "a.ts",
            "async function channel() {\n  if (!connection) {\n    connection = await amqp.connect(url);\n  }\n  return connection;\n}\n",
            "async function channel() {\n  promise ??= amqp.connect(url);\n  return promise;\n}\n",
        ),
    ]);
}

#[test]
fn accounts_need_a_unique_name_data_3() {
    check(&[
        (
            Practice::LookupBeforeInsert,
            "a.py",
            "class User(Base):\n    email = Column(String)\n",
            "class User(Base):\n    email = Column(String, unique=True)\n",
        ),
        (
            Practice::LookupBeforeInsert,
            "a.ts",
            "class User {\n  @Column()\n  email: string;\n}\n",
            "class User {\n  @Column({ unique: true })\n  email: string;\n}\n",
        ),
        (
            Practice::LookupBeforeInsert,
            "a.sql",
            "CREATE TABLE users (id bigint, email text NOT NULL);\n",
            "CREATE TABLE users (id bigint, email text NOT NULL UNIQUE);\n",
        ),
    ]);
}

#[test]
fn locks_and_goroutines_do_not_wait_res_7() {
    check(&[
        (
            Practice::Blocking,
            "a.go",
            "func (s *S) Rate(ctx context.Context) {\n\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n\tresp, err := http.Get(url)\n}\n",
            "func (s *S) Rate(ctx context.Context) {\n\tresp, err := http.Get(url)\n\ts.set(resp)\n}\n",
        ),
        (
            Practice::Blocking,
            "a.py",
            "def rate():\n    with lock:\n        return requests.get(URL, timeout=3)\n",
            "def rate():\n    found = requests.get(URL, timeout=3)\n    with lock:\n        rates.update(found)\n",
        ),
        (
            Practice::OwnedTask,
            "a.go",
            "func first() string {\n\tresults := make(chan string)\n\tgo func() {\n\t\tresults <- get()\n\t}()\n\treturn <-results\n}\n",
            "func first() string {\n\tresults := make(chan string, 1)\n\tdefer wait()\n\treturn <-results\n}\n",
        ),
        (
            Practice::RequestContext,
            "a.go",
            "func (h *H) create(w http.ResponseWriter, r *http.Request) {\n\tgo h.notify(r.Context(), id)\n}\n",
            "func (h *H) create(w http.ResponseWriter, r *http.Request) {\n\tgo h.notify(context.WithoutCancel(r.Context()), id)\n}\n",
        ),
    ]);
}

#[test]
fn routes_of_administrators_need_a_role_auth_5() {
    check(&[
        (
            Practice::OpenRoute,
            "a.js",
            "router.post('/admin/refund', auth, refund);\n",
            "router.post('/admin/refund', auth, requireRole('admin'), refund);\n",
        ),
        (
            Practice::OpenRoute,
            "a.py",
            "@app.post('/admin/refund')\ndef refund(user=Depends(current_user)):\n    pass\n",
            "@app.post('/admin/refund')\ndef refund(user=Depends(require_admin)):\n    pass\n",
        ),
        (
            Practice::Logout,
            "a.py",
            "def change_password(user, new):\n    user.password = hash(new)\n    db.commit()\n",
            "def change_password(user, new):\n    user.password = hash(new)\n    revoke_tokens(user)\n    db.commit()\n",
        ),
        (
            Practice::Logout,
            "a.ts",
            "class A {\n  async changePassword(id: string, value: string) {\n    await this.users.update(id, { password: await hash(value) });\n  }\n}\n",
            "class A {\n  async changePassword(id: string, value: string) {\n    await this.users.update(id, { password: await hash(value) });\n    await this.tokens.revoke(id);\n  }\n}\n",
        ),
    ]);
}

#[test]
fn failures_that_become_values_are_found_obs_8() {
    check(&[
        (
            Practice::IgnoredError,
            "a.go",
            "func rate() (float64, error) {\n\tv, err := fetch()\n\tif err != nil {\n\t\treturn 1, nil\n\t}\n\treturn v, nil\n}\n",
            "func rate() (float64, error) {\n\tv, err := fetch()\n\tif err != nil {\n\t\treturn 0, err\n\t}\n\treturn v, nil\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.py",
            "def all(db):\n    try:\n        return db.query(A).all()\n    except Exception as e:\n        log.error(e)\n        return []\n",
            "def all(db):\n    return db.query(A).all()\n",
        ),
        (
            Practice::SqlText,
            "a.go",
            "func list(sort string) {\n\tq := fmt.Sprintf(\"SELECT id FROM a ORDER BY %s\", sort)\n}\n",
            "func list(sort string) {\n\tq := fmt.Sprintf(\"SELECT id FROM a ORDER BY %s\", allowed[sort])\n}\n",
        ),
        (
            Practice::HealthResult,
            "a.js",
            "app.get('/health', async (req, res) => {\n  try {\n    await pool.query('SELECT 1');\n  } catch (e) {\n    res.json({ ok: false });\n  }\n});\n",
            "app.get('/health', async (req, res) => {\n  try {\n    await pool.query('SELECT 1');\n  } catch (e) {\n    res.status(503).json({ ok: false });\n  }\n});\n",
        ),
        (
            Practice::FloatingPromise,
            "a.js",
            "process.on('uncaughtException', (e) => console.error(e));\n",
            "process.on('uncaughtException', (e) => {\n  console.error(e);\n  process.exit(1);\n});\n",
        ),
    ]);
}
