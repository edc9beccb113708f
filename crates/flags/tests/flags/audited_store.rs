use seaworthy_data::sql;
use seaworthy_flags::{Author, Context, Flag, Flags, NewOverride, OverrideScope};

use crate::test_database::TestDatabase;

fn author() -> Author {
    Author::new("INC-7").actor("ann")
}

pub(crate) async fn change_is_logged_with_its_state_flag_1(database: TestDatabase) {
    let log = database.log();
    let store = database.store().audit_log(log.clone());
    let flags = Flags::with_store(Context::new(), store);
    let _beta = flags.declare(Flag::boolean("beta", false)).unwrap();
    let on = NewOverride::new("beta", "on").scope(OverrideScope::Tenant("acme".into()));
    flags.set_override(&on, &author()).await.unwrap();
    let records: Vec<(String, String, String, String)> =
        sql("SELECT action, actor, target_id, details FROM audit_log")
            .fetch_all(&database.database)
            .await
            .unwrap();
    assert_eq!(records.len(), 1, "{records:?}");
    let (action, actor, target, details) = records.first().unwrap();
    assert_eq!(
        (&**action, &**actor, &**target),
        ("flag.override", "ann", "beta")
    );
    assert!(
        details.contains("INC-7") && details.contains("acme"),
        "{details}"
    );
    assert_eq!(log.verify(None).await.unwrap().records, 1);
}

pub(crate) async fn rejected_change_is_not_logged_flag_1(database: TestDatabase) {
    let store = database.store().audit_log(database.log());
    let flags = Flags::with_store(Context::new(), store);
    let _beta = flags.declare(Flag::boolean("beta", false)).unwrap();
    let blue = NewOverride::new("beta", "blue");
    assert!(flags.set_override(&blue, &author()).await.is_err());
    let (count,): (i64,) = sql("SELECT COUNT(*) FROM audit_log")
        .fetch_one(&database.database)
        .await
        .unwrap();
    assert_eq!(count, 0);
}
