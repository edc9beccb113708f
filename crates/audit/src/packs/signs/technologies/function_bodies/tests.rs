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

/// A practice, a path, a text that breaks the requirement, and one that keeps it.
fn check(cases: &[(Practice, &str, &str, &str)]) {
    for (practice, path, bad, good) in cases {
        assert!(shows(path, bad, *practice), "{practice:?} {path} {bad}");
        assert!(!shows(path, good, *practice), "{practice:?} {path} {good}");
    }
}

#[test]
fn contexts_and_options_that_no_call_gets_are_found() {
    check(&[
        (
            Practice::RequestContext,
            "a.go",
            "func (h *Handler) Create(ctx context.Context, req *pb.Req) (*pb.Res, error) {\n\treturn h.service.Create(req)\n}\n",
            "func (h *Handler) Create(ctx context.Context, req *pb.Req) (*pb.Res, error) {\n\treturn h.service.Create(ctx, req)\n}\n",
        ),
        (
            Practice::RequestContext,
            "a.go",
            "func (w *Waiter) Wait(ctx context.Context) error {\n\tfor w.check(ctx) != nil {\n\t\ttime.Sleep(w.pause)\n\t}\n\treturn nil\n}\n",
            "func (w *Waiter) Wait(ctx context.Context) error {\n\tfor w.check(ctx) != nil {\n\t\tselect {\n\t\tcase <-ctx.Done():\n\t\t\treturn ctx.Err()\n\t\tcase <-time.After(w.pause):\n\t\t}\n\t}\n\treturn nil\n}\n",
        ),
        (
            Practice::RequestContext,
            "a.go",
            "func (r *repository) Insert(pctx context.Context, item *Item) error {\n\tctx, cancel := context.WithTimeout(pctx, limit)\n\tdefer cancel()\n\tcol := r.collection(ctx)\n\t_, err := col.InsertOne(pctx, item)\n\treturn err\n}\n",
            "func (r *repository) Insert(pctx context.Context, item *Item) error {\n\tctx, cancel := context.WithTimeout(pctx, limit)\n\tdefer cancel()\n\tcol := r.collection(ctx)\n\t_, err := col.InsertOne(ctx, item)\n\treturn err\n}\n",
        ),
        (
            Practice::RequestContext,
            "a.go",
            "func (s *store) Find(parent context.Context) error {\n\tctx, cancel := context.WithTimeout(parent, limit)\n\tdefer cancel()\n\treturn s.db.Find(parent, ctx)\n}\n",
            "func (s *store) Find(parent context.Context) error {\n\tctx, cancel := context.WithTimeout(parent, limit)\n\tdefer cancel()\n\tif s.isEmpty() {\n\t\treturn s.All(parent)\n\t}\n\tslog.InfoContext(parent, \"find\")\n\treturn s.db.Find(ctx)\n}\n",
        ),
        (
            Practice::RequestContext,
            "a.go",
            "func (s *Mailer) Notify(id uint32) error {\n\t_, err := s.users.GetUser(context.TODO(), id)\n\treturn err\n}\n",
            "func (s *Mailer) Notify(ctx context.Context, id uint32) error {\n\t_, err := s.users.GetUser(ctx, id)\n\treturn err\n}\n",
        ),
        (
            Practice::LostSetting,
            "a.go",
            "func New(name string, opts ...Option) *Health {\n\treturn &Health{name: name}\n}\n",
            "func New(name string, opts ...Option) *Health {\n\th := &Health{name: name}\n\tfor _, opt := range opts {\n\t\topt(h)\n\t}\n\treturn h\n}\n",
        ),
    ]);
}

#[test]
fn records_that_are_written_back_are_found() {
    check(&[
        (
            Practice::SharedState,
            "a.go",
            "func (s *Server) Rename(id int64, name string) error {\n\tevent, err := s.store.GetByID(id)\n\tif err != nil {\n\t\treturn err\n\t}\n\tevent.Name = name\n\treturn s.store.Update(event)\n}\n",
            "func (s *Server) Rename(id int64, name string) error {\n\tevent, err := s.store.GetByID(id)\n\tif err != nil {\n\t\treturn err\n\t}\n\treturn s.store.SetName(event.ID, name)\n}\n",
        ),
        (
            Practice::SharedState,
            "a.ts",
            "class A {\n  async rename(id: string, name: string) {\n    const category = await this.findOne(id);\n    category.name = name;\n    return this.repo.save(category);\n  }\n}\n",
            "class A {\n  async rename(id: string, name: string) {\n    const category = await this.findOne(id);\n    if (category.name === name) return;\n    return this.repo.update({ id }, { name });\n  }\n}\n",
        ),
    ]);
}

#[test]
fn failures_that_only_a_log_shows_are_found() {
    check(&[
        (
            Practice::DualWrite,
            "a.go",
            "func (s *Server) Create(e *Event) error {\n\tif err := s.store.Create(e); err != nil {\n\t\treturn err\n\t}\n\tif err := s.search.IndexEvent(e); err != nil {\n\t\ts.log.Error(\"index\",\n\t\t\t\"error\", err,\n\t\t)\n\t}\n\treturn nil\n}\n",
            "func (s *Server) Create(e *Event) error {\n\tif err := s.search.IndexEvent(e); err != nil {\n\t\treturn err\n\t}\n\treturn nil\n}\n",
        ),
        (
            Practice::SilentNull,
            "main.go",
            "func main() {\n\tpublisher, err := events.NewPublisher(url)\n\tif err != nil {\n\t\tslog.Warn(\"no events\", \"error\", err)\n\t}\n\trun(publisher)\n}\n",
            "func main() {\n\tpublisher, err := events.NewPublisher(url)\n\tif err != nil {\n\t\tslog.Error(\"no events\", \"error\", err)\n\t\tos.Exit(1)\n\t}\n\trun(publisher)\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "a.go",
            "func (s *Auth) Login(name string) error {\n\tuser, err := s.repo.FindByName(name)\n\tif err != nil {\n\t\treturn errors.New(\"user not found\")\n\t}\n\treturn user.check()\n}\n",
            "func (s *Auth) Login(name string) error {\n\tuser, err := s.repo.FindByName(name)\n\tif errors.Is(err, sql.ErrNoRows) {\n\t\treturn errors.New(\"user not found\")\n\t}\n\tif err != nil {\n\t\treturn err\n\t}\n\treturn user.check()\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func (h *H) Get(w http.ResponseWriter, r *http.Request) {\n\tres, err := h.client.Get(r.Context())\n\tif err != nil {\n\t\thttp.Error(w, \"failed\", http.StatusInternalServerError)\n\t\treturn\n\t}\n\twrite(w, res)\n}\n",
            "func (h *H) Get(w http.ResponseWriter, r *http.Request) {\n\tres, err := h.client.Get(r.Context())\n\tif err != nil {\n\t\tslog.Error(\"get\", \"error\", err)\n\t\thttp.Error(w, \"failed\", http.StatusInternalServerError)\n\t\treturn\n\t}\n\twrite(w, res)\n}\n",
        ),
        (
            Practice::Cleanup,
            "main.go",
            "func main() {\n\tselect {\n\tcase <-stop:\n\t\tlog.Print(\"stop\")\n\tcase err := <-errCh:\n\t\tlog.Print(err)\n\t}\n}\n",
            "func main() {\n\tselect {\n\tcase <-stop:\n\t\tlog.Print(\"stop\")\n\tcase err := <-errCh:\n\t\tlog.Print(err)\n\t\tos.Exit(1)\n\t}\n}\n",
        ),
    ]);
}

#[test]
fn promises_that_no_code_awaits_are_found() {
    check(&[
        (
            Practice::FloatingPromise,
            "a.js",
            "const consume = async () => {\n  await consumer.connect();\n};\n\nconsume();\n",
            "const consume = async () => {\n  await consumer.connect();\n};\n\nconsume().catch(stop);\n",
        ),
        (
            Practice::FloatingPromise,
            "a.ts",
            "class A {\n  async notify(id: string): Promise<void> {\n    await this.mail.send(id);\n  }\n  async create(id: string) {\n    this.notify(id);\n  }\n}\n",
            "class A {\n  async notify(id: string): Promise<void> {\n    await this.mail.send(id);\n  }\n  async create(id: string) {\n    await this.notify(id);\n  }\n}\n",
        ),
    ]);
    assert!(!shows(
        "a.js",
        "const consume = async () => {\n  try {\n    await consumer.connect();\n  } catch (e) {\n    stop(e);\n  }\n};\n\nconsume();\n",
        Practice::FloatingPromise
    ));
}

#[test]
fn constant_health_and_changes_of_no_record_are_found() {
    check(&[
        (
            Practice::HealthResult,
            "a.go",
            "func (h *H) HealthCheck(w http.ResponseWriter, r *http.Request) {\n\tw.WriteHeader(http.StatusOK)\n}\n",
            "func (h *H) HealthCheck(w http.ResponseWriter, r *http.Request) {\n\tif h.db.Ping() != nil {\n\t\tw.WriteHeader(503)\n\t}\n\tw.WriteHeader(http.StatusOK)\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func (r *Repo) Delete(ctx context.Context, id string) error {\n\t_, err := r.db.ExecContext(ctx, query, id)\n\treturn err\n}\n",
            "func (r *Repo) Delete(ctx context.Context, id string) error {\n\tres, err := r.db.ExecContext(ctx, query, id)\n\tif n, _ := res.RowsAffected(); n == 0 {\n\t\treturn ErrNotFound\n\t}\n\treturn err\n}\n",
        ),
    ]);
}

#[test]
fn promises_of_libraries_without_an_owner_are_found() {
    check(&[
        (
            Practice::FloatingPromise,
            "a.ts",
            "class Bus {\n  async publish(event: Event) {\n    this.amqp.publish('events', event.name, event);\n  }\n}\n",
            "class Bus {\n  async publish(event: Event) {\n    await this.amqp.publish('events', event.name, event);\n    this.channel.publish('events', event.name, event);\n  }\n}\n",
        ),
        (
            Practice::FloatingPromise,
            "a.ts",
            "class Users {\n  async touch(user: User) {\n    this.userRepository.save({\n      ...user,\n      seen: new Date(),\n    });\n  }\n}\n",
            "class Users {\n  touch(user: User) {\n    return this.userRepository.save(user);\n  }\n}\n",
        ),
        (
            Practice::FloatingPromise,
            "index.js",
            "(async () => {\n  const db = await connect();\n  listen(db);\n})();\n",
            "(async () => {\n  const db = await connect();\n  listen(db);\n})().catch(stop);\n\n(async () => {\n  try {\n    await connect();\n  } catch (error) {\n    process.exit(1);\n  }\n})();\n",
        ),
    ]);
}

#[test]
fn servers_and_consumers_that_end_without_notice_are_found() {
    check(&[
        (
            Practice::FloatingPromise,
            "mongo.ts",
            "mongoose.connect(url, {\n  useNewUrlParser: true,\n});\n",
            "mongoose.connect(url).catch(stop);\n",
        ),
        (
            Practice::OwnedTask,
            "main.go",
            "func main() {\n\tgo func() {\n\t\tif err := metrics.ListenAndServe(); err != nil && !errors.Is(err, http.ErrServerClosed) {\n\t\t\tlog.Printf(\"metrics: %v\", err)\n\t\t}\n\t}()\n\t<-done\n}\n",
            "func main() {\n\tgo func() {\n\t\tif err := metrics.ListenAndServe(); err != nil && !errors.Is(err, http.ErrServerClosed) {\n\t\t\tlog.Printf(\"metrics: %v\", err)\n\t\t\tstop()\n\t\t}\n\t}()\n\t<-done\n}\n",
        ),
        (
            Practice::Reconnect,
            "consumer.go",
            "func (c *Consumer) Start(ctx context.Context) error {\n\tmessages, err := c.channel.Consume(c.queue)\n\tif err != nil {\n\t\treturn err\n\t}\n\tfor {\n\t\tselect {\n\t\tcase <-ctx.Done():\n\t\t\treturn nil\n\t\tcase message, ok := <-messages:\n\t\t\tif !ok {\n\t\t\t\treturn nil\n\t\t\t}\n\t\t\tc.handle(ctx, message)\n\t\t}\n\t}\n}\n",
            "func (c *Consumer) Start(ctx context.Context) error {\n\tmessages, err := c.channel.Consume(c.queue)\n\tif err != nil {\n\t\treturn err\n\t}\n\tfor {\n\t\tselect {\n\t\tcase <-ctx.Done():\n\t\t\treturn nil\n\t\tcase message, ok := <-messages:\n\t\t\tif !ok {\n\t\t\t\treturn errClosed\n\t\t\t}\n\t\t\tc.handle(ctx, message)\n\t\t}\n\t}\n}\n",
        ),
    ]);
}

#[test]
fn grpc_clients_without_deadline_and_owner_are_found() {
    check(&[
        (
            Practice::Cleanup,
            "user.go",
            "func New(target string) (*Users, error) {\n\tconn, err := grpc.NewClient(target, options...)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn &Users{api: pb.NewUserServiceClient(conn)}, nil\n}\n",
            "func New(target string) (*Users, error) {\n\tconn, err := grpc.NewClient(target, options...)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn &Users{conn: conn, api: pb.NewUserServiceClient(conn)}, nil\n}\n",
        ),
        (
            Practice::OutboundTimeout,
            "user.go",
            "func (u *Users) Get(ctx context.Context, id string) (*pb.User, error) {\n\treturn u.client.GetUser(ctx, &userpb.GetUserRequest{Id: id})\n}\n",
            "func (u *Users) Get(ctx context.Context, id string) (*pb.User, error) {\n\tctx, cancel := context.WithTimeout(ctx, u.timeout)\n\tdefer cancel()\n\treturn u.client.GetUser(ctx, &userpb.GetUserRequest{Id: id})\n}\n",
        ),
    ]);
}

#[test]
fn steps_that_a_failure_leaves_half_done_are_found() {
    check(&[
        (
            Practice::Leak,
            "rabbit.go",
            "func New(url string) (*Rabbit, error) {\n\tconn, err := amqp.Dial(url)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\tch, err := conn.Channel()\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\treturn &Rabbit{conn, ch}, nil\n}\n",
            "func New(url string) (*Rabbit, error) {\n\tconn, err := amqp.Dial(url)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\tch, err := conn.Channel()\n\tif err != nil {\n\t\tconn.Close()\n\t\treturn nil, err\n\t}\n\treturn &Rabbit{conn, ch}, nil\n}\n",
        ),
        (
            Practice::SharedState,
            "order.go",
            "func (s *Orders) Cancel(ctx context.Context, id string) error {\n\torder, err := s.repo.GetByID(ctx, id)\n\tif err != nil {\n\t\treturn err\n\t}\n\tif order.Status == Paid {\n\t\treturn ErrPaid\n\t}\n\treturn s.repo.UpdateStatus(ctx, id, Cancelled)\n}\n",
            "func (s *Orders) Cancel(ctx context.Context, id string) error {\n\torder, err := s.repo.GetByID(ctx, id)\n\tif err != nil {\n\t\treturn err\n\t}\n\tif order.Status == Paid {\n\t\treturn ErrPaid\n\t}\n\treturn s.repo.UpdateStatus(ctx, id, order.Status, Cancelled)\n}\n",
        ),
        (
            Practice::RequestContext,
            "order.go",
            "func (s *Orders) Create(ctx context.Context, order *Order) error {\n\terr := s.paymentClient.Pay(ctx, order.ID)\n\tif err != nil {\n\t\ts.repo.UpdateStatus(ctx, order.ID, Failed)\n\t\treturn err\n\t}\n\treturn nil\n}\n",
            "func (s *Orders) Create(ctx context.Context, order *Order) error {\n\terr := s.paymentClient.Pay(ctx, order.ID)\n\tif err != nil {\n\t\tundo := context.WithoutCancel(ctx)\n\t\ts.repo.UpdateStatus(undo, order.ID, Failed)\n\t\treturn err\n\t}\n\treturn nil\n}\n",
        ),
        (
            Practice::SharedState,
            "a.ts",
            "class A {\n  async pay(id: string) {\n    const invoice = await this.repository.findById(id);\n    invoice.markAsPaid(new Date());\n    await this.repository.save(invoice);\n  }\n}\n",
            "class A {\n  async pay(id: string) {\n    const invoice = await this.repository.findById(id);\n    invoice.marker();\n    return invoice;\n  }\n}\n",
        ),
        (
            Practice::PartialWrite,
            "service.py",
            "class Orders:\n    def create(self, order):\n        self.db.add(order)\n        self.db.commit()\n        self.db.add_all(order.items)\n        self.db.commit()\n",
            "class Orders:\n    def create(self, order):\n        self.db.add(order)\n        self.db.add_all(order.items)\n        self.db.commit()\n\n    def update(self, order):\n        self.db.add(order)\n        self.db.commit()\n",
        ),
    ]);
}

#[test]
fn errors_that_no_line_reads_are_found_obs_8() {
    check(&[
        (
            Practice::IgnoredError,
            "a.go",
            "func (m *M) load(k string) (*Row, error) {\n\trow, err := m.find(k)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\terr = m.refresh(k, row)\n\treturn row, nil\n}\n",
            "func (m *M) load(k string) (*Row, error) {\n\trow, err := m.find(k)\n\tif err != nil {\n\t\treturn nil, err\n\t}\n\terr = m.refresh(k, row)\n\treturn row, err\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func (m *M) open() error {\n\tch, err := m.conn.Channel()\n\tdefer ch.Close()\n\n\terr = ch.Declare()\n\treturn err\n}\n",
            "func (m *M) open() error {\n\tvar err error\n\tif m.fast {\n\t\terr = m.connect(1)\n\t} else {\n\t\terr = m.connect(2)\n\t}\n\treturn err\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func (m *M) set(k string) {\n\terr := m.find(k)\n\tif err != nil {\n\t\treturn\n\t}\n\terr = m.drop(k)\n\tm.done()\n}\n",
            "func (m *M) set(k string) error {\n\tv, err := m.find(k)\n\tif v != nil {\n\t\tb, err := encode(v)\n\t\tif err == nil {\n\t\t\tm.keep(b)\n\t\t}\n\t}\n\treturn err\n}\n",
        ),
        (
            Practice::IgnoredError,
            "a.go",
            "func (h *H) write(w W) bool {\n\t// Store the row.\n\tif err := h.store.Save(w); err != nil {\n\t\th.log.Error(err)\n\t}\n\treturn true\n}\n",
            "func (h *H) write(w W) bool {\n\t// Write the response.\n\tif err := w.Write(h); err != nil {\n\t\th.log.Error(err)\n\t\treturn false\n\t}\n\treturn true\n}\n",
        ),
        (
            Practice::ErrorResponse,
            "a.go",
            "func (r *R) deduct(tx *gorm.DB) error {\n\tvar lock Lock\n\tif err := tx.Where(\"id = ?\", 1).\n\t\tFirst(&lock).Error; err != nil {\n\t\treturn errors.New(400, \"LOCK_NOT_FOUND\", \"\")\n\t}\n\treturn nil\n}\n",
            "func (r *R) deduct(tx *gorm.DB) error {\n\tvar lock Lock\n\tif err := tx.Where(\"id = ?\", 1).\n\t\tFirst(&lock).Error; err != nil {\n\t\tif errors.Is(err, gorm.ErrRecordNotFound) {\n\t\t\treturn errors.New(400, \"LOCK_NOT_FOUND\", \"\")\n\t\t}\n\t\treturn err\n\t}\n\treturn nil\n}\n",
        ),
    ]);
}

#[test]
fn messages_that_fail_and_are_acknowledged_are_found_msg_3() {
    check(&[
        (
            Practice::DroppedMessage,
            "a.go",
            "func (c *consumer) handle(d rabbitmq.Delivery) rabbitmq.Action {\n\terr := json.Unmarshal(d.Body, &mail)\n\tif err != nil {\n\t\tlog.Error().Err(err).Msg(\"unreadable\")\n\t\treturn rabbitmq.Ack\n\t}\n\treturn rabbitmq.Ack\n}\n",
            "func (c *consumer) handle(d rabbitmq.Delivery) rabbitmq.Action {\n\terr := json.Unmarshal(d.Body, &mail)\n\tif err != nil {\n\t\tlog.Error().Err(err).Msg(\"unreadable\")\n\t\treturn rabbitmq.NackDiscard\n\t}\n\treturn rabbitmq.Ack\n}\n",
        ),
        (
            Practice::Redelivery,
            "a.ts",
            "await channel.consume(queue, async (msg) => {\n  const event = JSON.parse(msg.content.toString());\n  await handle(event);\n  channel.ack(msg);\n});\n",
            "await channel.consume(queue, async (msg) => {\n  try {\n    const event = JSON.parse(msg.content.toString());\n    await handle(event);\n    channel.ack(msg);\n  } catch (error) {\n    channel.nack(msg, false, false);\n  }\n});\n",
        ),
    ]);
}

#[test]
fn unhandled_promises_and_missing_acknowledgements_are_found_life_5() {
    check(&[
        (
            Practice::FloatingPromise,
            "a.ts",
            "setup(): void {\n  this.connect().then(() => {\n    this.ready = true;\n  });\n}\n",
            "setup(): void {\n  this.connect().then(() => {\n    this.ready = true;\n  }).catch((error) => fail(error));\n}\n",
        ),
        (
            Practice::Redelivery,
            "a.ts",
            "this.channel.consume(queue, async (msg) => {\n  console.log(msg.fields);\n});\n",
            "this.channel.consume(queue, async (msg) => {\n  await this.handle(msg);\n});\n",
        ),
    ]);
}

#[test]
fn transactions_that_no_step_uses_are_found_data_3() {
    check(&[
        (
            Practice::PartialWrite,
            "a.go",
            "func (l *Logic) Add(in *pb.AddReq) error {\n\treturn barrier.CallWithDB(db, func(tx *sql.Tx) error {\n\t\t_, err := l.model.Insert(l.ctx, &row)\n\t\treturn err\n\t})\n}\n",
            "func (l *Logic) Add(in *pb.AddReq) error {\n\treturn barrier.CallWithDB(db, func(tx *sql.Tx) error {\n\t\t_, err := l.model.TxInsert(l.ctx, tx, &row)\n\t\treturn err\n\t})\n}\n",
        ),
        (
            Practice::PartialWrite,
            "a.ts",
            "await this.dataSource.transaction(async (manager) => {\n  await this.orders.save(order);\n});\n",
            "await this.dataSource.transaction(async (manager) => {\n  await manager.save(order);\n});\n",
        ),
        (
            Practice::PoolBounds,
            "a.go",
            "func (l *Logic) Add(in *pb.AddReq) error {\n\tdb, err := sqlx.NewMysql(l.dsn).RawDB()\n\treturn add(db, err)\n}\n",
            "func NewLogic(in *pb.Options) (*Logic, error) {\n\tdb, err := sqlx.NewMysql(in.Dsn).RawDB()\n\treturn &Logic{db}, err\n}\n",
        ),
    ]);
}
