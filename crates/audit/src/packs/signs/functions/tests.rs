//! Steps of functions in each language, with functions that keep the requirement.

use crate::model::facts::{Observation, Practice};
use crate::model::{FactSink, FactStore};
use crate::repository::{Role, Tracked};
use crate::source::SourceFile;

fn shows(path: &str, text: &str, practice: Practice) -> bool {
    let file = SourceFile::new(path, text, Role::Production, Tracked::Yes);
    let mut store = FactStore::default();
    super::read(&file, &mut FactSink::new(&file, &mut store));
    store
        .of::<Observation>()
        .items
        .iter()
        .any(|observation| observation.practice == practice)
}

/// A path, a function that breaks the requirement, and a function that keeps it.
type Case = (&'static str, &'static str, &'static str);

fn check(practice: Practice, cases: &[Case]) {
    for (path, bad, good) in cases {
        assert!(shows(path, bad, practice), "{practice:?} {path} {bad}");
        assert!(!shows(path, good, practice), "{practice:?} {path} {good}");
    }
}

#[test]
fn two_writes_without_transaction_are_partial() {
    check(
        Practice::PartialWrite,
        &[
            (
                "a.php",
                "public function store() {\n    $o = Order::create($x);\n    Item::create($y);\n}\n",
                "public function store() {\n    DB::transaction(function () {\n    $o = Order::create($x);\n    Item::create($y);\n});\n}\n",
            ),
            (
                "a.rb",
                "def create\n  order = Order.create!(x)\n  Item.create!(y)\nend\n",
                "def create\n  Order.transaction do\n    Order.create!(x)\n    Item.create!(y)\n  end\nend\n",
            ),
            (
                "a.cs",
                "public async Task A()\n{\n    await _orderRepository.AddAsync(x);\n    await _itemRepository.AddAsync(y);\n}\n",
                "public async Task A()\n{\n    _context.Add(x);\n    await _context.SaveChangesAsync();\n}\n",
            ),
            (
                "A.java",
                "class A {\n  public void a() {\n    orders.save(x);\n    items.save(y);\n  }\n}\n",
                "class A {\n  @Transactional\n  public void a() {\n    orders.save(x);\n    items.save(y);\n  }\n}\n",
            ),
            (
                "a.py",
                "def a(x):\n    order = Order.objects.create(x)\n    Item.objects.create(order)\n",
                "def a(x):\n    with transaction.atomic():\n        order = Order.objects.create(x)\n        Item.objects.create(order)\n",
            ),
            (
                "a.go",
                "func a() {\n\tdb.Exec(\"INSERT INTO a\")\n\tdb.Exec(\"INSERT INTO b\")\n}\n",
                "func a() {\n\ttx, _ := db.Begin()\n\tdb.Exec(\"INSERT INTO a\")\n\tdb.Exec(\"INSERT INTO b\")\n}\n",
            ),
        ],
    );
}

#[test]
fn message_after_write_is_dual_write() {
    check(
        Practice::DualWrite,
        &[
            (
                "a.php",
                "function a() {\n    $order->save();\n    event(new OrderCreated($order));\n}\n",
                "function a() {\n    $order->save();\n    Outbox::add($order);\n    // outbox\n    event(new X($o));\n}\n",
            ),
            (
                "a.rb",
                "def a\n  order.save!\n  exchange.publish(order.to_json)\nend\n",
                "def a\n  exchange.publish(order.to_json)\nend\n",
            ),
            (
                "a.py",
                "def a(order):\n    order.save()\n    notify.delay(order.id)\n",
                "def a(order):\n    order.save()\n    transaction.on_commit(lambda: notify.delay(order.id))\n",
            ),
            (
                "a.kt",
                "class A {\n    fun a(x: X) {\n        orders.save(x)\n        kafkaTemplate.send(\"t\", x)\n    }\n}\n",
                "class A {\n    fun a(x: X) {\n        orders.save(x)\n    }\n}\n",
            ),
            (
                "a.rs",
                "async fn a() {\n    sqlx::query(\"INSERT INTO a\").execute(&pool).await?;\n    producer.send(x).await?;\n}\n",
                "async fn a() {\n    producer.send(x).await?;\n}\n",
            ),
        ],
    );
}

#[test]
fn query_in_loop_runs_per_row() {
    check(
        Practice::QueryPerRow,
        &[
            (
                "a.php",
                "function a() {\n    foreach ($rows as $row) {\n        $s = $db->prepare(\"SELECT 1\");\n    }\n}\n",
                "function a() {\n    $s = $db->prepare(\"SELECT 1\");\n    foreach ($rows as $row) {\n        echo $row;\n    }\n}\n",
            ),
            (
                "a.rb",
                "def a\n  rows.each do |row|\n    User.find(row.id)\n  end\nend\n",
                "def a\n  user = User.find(1)\n  rows.each do |row|\n    row.name\n  end\nend\n",
            ),
            (
                "a.py",
                "def a(rows):\n    for row in rows:\n        Item.objects.create(row)\n",
                "def a(rows):\n    Item.objects.bulk_create(rows)\n",
            ),
            (
                "a.go",
                "func a() {\n\tfor rows.Next() {\n\t\tdb.QueryRow(\"SELECT 1\").Scan(&x)\n\t}\n}\n",
                "func a() {\n\tdb.QueryRow(\"SELECT 1\").Scan(&x)\n\tfor rows.Next() {\n\t\tx++\n\t}\n}\n",
            ),
        ],
    );
}

#[test]
fn lookup_decides_about_insert() {
    check(
        Practice::LookupBeforeInsert,
        &[
            (
                "a.php",
                "function a() {\n    if (User::where('email', $e)->exists()) {\n        return;\n    }\n    User::create($x);\n}\n",
                "function a() {\n    User::firstOrCreate($x);\n}\n",
            ),
            (
                "a.rb",
                "def a\n  return if User.exists?(email: e)\n  User.create!(email: e)\nend\n",
                "def a\n  User.create!(email: e)\nrescue ActiveRecord::RecordNotUnique\n  nil\nend\n",
            ),
            (
                "A.java",
                "class A {\n  public void a() {\n    if (users.existsByEmail(e)) {\n      throw x;\n    }\n    users.save(u);\n  }\n}\n",
                "class A {\n  public void a() {\n    users.save(u);\n  }\n}\n",
            ),
            (
                "a.py",
                "def a(db):\n    if db.query(User).filter(User.email == e).first():\n        raise X\n    db.commit()\n",
                "def a(db):\n    try:\n        db.commit()\n    except IntegrityError:\n        raise X\n",
            ),
        ],
    );
}

#[test]
fn handler_of_messages_repeats_its_effect() {
    check(
        Practice::Idempotency,
        &[
            (
                "a.rb",
                "class A\n  def perform(id)\n    Stripe::Charge.create(amount: 1)\n  end\nend\n",
                "class A\n  def perform(id)\n    Stripe::Charge.create({ amount: 1 }, idempotency_key: id)\n  end\nend\n",
            ),
            (
                "a.py",
                "@shared_task\ndef a(id):\n    requests.post(url)\n",
                "def a(id):\n    requests.post(url)\n",
            ),
        ],
    );
}

#[test]
fn handler_that_only_logs_drops_message() {
    check(
        Practice::DroppedMessage,
        &[
            (
                "a.php",
                "$callback = function ($msg) {\n    $data = json_decode($msg->body);\n    try {\n        a($data);\n    } catch (Exception $e) {\n        echo 'failed ' . $e->getMessage();\n    }\n};\n",
                "$callback = function ($msg) {\n    $data = json_decode($msg->body);\n    try {\n        a($data);\n    } catch (Exception $e) {\n        $msg->nack();\n    }\n};\n",
            ),
            (
                "a.py",
                "def callback(ch, method, properties, body):\n    try:\n        a()\n    except Exception as e:\n        print(e)\n    ch.basic_ack(1)\n",
                "def callback(ch, method, properties, body):\n    try:\n        a()\n    except Exception as e:\n        print(e)\n        ch.basic_nack(1)\n",
            ),
        ],
    );
}

#[test]
fn choice_by_a_state_without_a_lock_is_found_data_3() {
    check(
        Practice::SharedState,
        &[
            (
                "a.go",
                "func (s *S) Cancel(ctx context.Context, id string) error {\n\torder, err := s.orderRepo.FindByID(ctx, id)\n\tif err != nil {\n\t\treturn err\n\t}\n\tswitch order.Status {\n\tcase Created:\n\t\treturn s.orderRepo.UpdateStatus(ctx, id, Cancelled)\n\t}\n\treturn ErrState\n}\n",
                "func (s *S) Cancel(ctx context.Context, id string) error {\n\torder, err := s.orderRepo.FindByID(ctx, id)\n\tif err != nil {\n\t\treturn err\n\t}\n\tswitch order.Kind {\n\tcase Created:\n\t\treturn s.orderRepo.UpdateStatus(ctx, id, Cancelled)\n\t}\n\treturn ErrState\n}\n",
            ),
            (
                "a.ts",
                "  async cancel(id: string) {\n    const order = await this.orderRepository.findOne(id);\n    switch (order.status) {\n      case 'created':\n        await this.orderRepository.update(id, { status: 'cancelled' });\n    }\n  }\n",
                "  async cancel(id: string) {\n    const order = await this.orderRepository.findOne(id, { lock: { mode: 'pessimistic_write' } });\n    switch (order.status) {\n      case 'created':\n        await this.orderRepository.update(id, { status: 'cancelled' });\n    }\n  }\n",
            ),
        ],
    );
}
