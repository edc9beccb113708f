//! Streams, relays and consumers that lose, repeat or keep messages.

use super::{Practice, check};

#[test]
fn stream_without_maximum_length_is_found_data_4() {
    check(&[
        (
            Practice::Expiry,
            "a.go",
            "func (p *P) Send(ctx context.Context) error {\n\treturn p.rdb.XAdd(ctx, &redis.XAddArgs{Stream: \"orders\"}).Err()\n}\n",
            "func (p *P) Send(ctx context.Context) error {\n\treturn p.rdb.XAdd(ctx, &redis.XAddArgs{Stream: \"orders\", MaxLen: 1000}).Err()\n}\n",
        ),
        (
            Practice::Expiry,
            "a.java",
            "  void send(Record r) {\n    template.opsForStream().add(r);\n  }\n",
            "  void send(Record r) {\n    template.opsForStream().add(r);\n    template.opsForStream().trim(key, 1000);\n  }\n",
        ),
        (
            Practice::Expiry,
            "a.py",
            "def send(r):\n    redis.xadd('orders', r)\n",
            "def send(r):\n    redis.xadd('orders', r, maxlen=1000)\n",
        ),
        (
            Practice::Expiry,
            "a.go",
            "func (r *R) store(ctx context.Context) error {\n\treturn r.rdb.HSet(ctx, key, \"total\", 1).Err()\n}\n",
            "func (r *R) store(ctx context.Context) error {\n\tr.rdb.HSet(ctx, key, \"total\", 1)\n\treturn r.rdb.Expire(ctx, key, ttl).Err()\n}\n",
        ),
    ]);
}

#[test]
fn pending_messages_without_claim_are_found_msg_3() {
    check(&[
        (
            Practice::DroppedMessage,
            "a.java",
            "  void init() {\n    container.receive(consumer, StreamOffset.create(key, ReadOffset.lastConsumed()), this);\n  }\n",
            "  void init() {\n    container.receive(consumer, StreamOffset.create(key, ReadOffset.lastConsumed()), this);\n    template.opsForStream().pending(key, group);\n  }\n",
        ),
        (
            Practice::DroppedMessage,
            "a.go",
            "func (c *C) read(ctx context.Context) {\n\tc.rdb.XReadGroup(ctx, args)\n}\n",
            "func (c *C) read(ctx context.Context) {\n\tc.rdb.XAutoClaim(ctx, own)\n\tc.rdb.XReadGroup(ctx, args)\n}\n",
        ),
        (
            Practice::DroppedMessage,
            "a.ts",
            "async function read() {\n  await redis.xreadgroup('GROUP', group, name);\n}\n",
            "async function read() {\n  await redis.xautoclaim(key, group, name);\n  await redis.xreadgroup('GROUP', group, name);\n}\n",
        ),
    ]);
}

#[test]
fn relay_without_reservation_is_found_work_2() {
    check(&[
        (
            Practice::Schedule,
            "a.go",
            "func (r *R) ListPendingOutbox(ctx context.Context) ([]Event, error) {\n\treturn list, r.db.Where(\"status = 0\").Find(&list).Error\n}\n",
            "func (r *R) ListPendingOutbox(ctx context.Context) ([]Event, error) {\n\treturn list, r.db.Clauses(clause.Locking{Strength: \"UPDATE\"}).Find(&list).Error\n}\n",
        ),
        (
            Practice::Schedule,
            "a.java",
            "  void relay() {\n    for (Event e : outboxRepository.findByStatus(PENDING)) {\n      send(e);\n    }\n  }\n",
            "  @SchedulerLock\n  void relay() {\n    LockAssert.assertLocked(); // ShedLock\n    for (Event e : outboxRepository.findByStatus(PENDING)) {\n      send(e);\n    }\n  }\n",
        ),
    ]);
}

#[test]
fn relay_that_gives_up_for_good_is_found_msg_3() {
    check(&[
        (
            Practice::DroppedMessage,
            "a.go",
            "func (u *U) Relay(ctx context.Context) {\n\tif err := u.publisher.Publish(ctx, e); err != nil {\n\t\tif e.RetryCount+1 >= 5 {\n\t\t\tif err := u.repo.MarkOutboxFailed(ctx, e.ID); err != nil {\n\t\t\t\tlog.Print(err)\n\t\t\t}\n\t\t}\n\t}\n}\n",
            "func (u *U) Relay(ctx context.Context) {\n\tif err := u.publisher.Publish(ctx, e); err != nil {\n\t\tif e.RetryCount+1 >= 5 {\n\t\t\tu.deadLetter(ctx, e)\n\t\t}\n\t}\n}\n",
        ),
        (
            Practice::DroppedMessage,
            "a.ts",
            "  async relay() {\n    await this.publish(event);\n    if (event.attempts >= MAX) {\n      await this.repo.markFailed(event.id);\n    }\n  }\n",
            "  async relay() {\n    await this.publish(event);\n    if (event.attempts >= MAX) {\n      await this.repo.markFailed(event.id);\n      await this.alert(event);\n    }\n  }\n",
        ),
    ]);
}

#[test]
fn nest_consumer_acknowledges_by_default_msg_3() {
    check(&[(
        Practice::Acknowledgement,
        "main.ts",
        "async function bootstrap() {\n  app.connectMicroservice<MicroserviceOptions>({\n    transport: Transport.RMQ,\n    options: { urls: [url], queue: 'a' },\n  });\n}\n",
        "async function bootstrap() {\n  app.connectMicroservice<MicroserviceOptions>({\n    transport: Transport.RMQ,\n    options: { urls: [url], queue: 'a', noAck: false },\n  });\n}\n",
    )]);
}
