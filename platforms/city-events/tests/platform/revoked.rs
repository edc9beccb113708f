use seaworthy::data::{Database, DatabaseConfig, sql};

use crate::{flow, house::House};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_banned_after_thousands_of_others_is_refused_too_auth_3() {
    let house = House::open().await;
    let file = house.place.path().join("auth.db");
    let config = DatabaseConfig::at(format!("sqlite:{}", file.display()).parse().unwrap());
    let database = Database::builder("test", config).open().await.unwrap();
    sql("INSERT INTO account_versions (user_id, version, changed_us) VALUES ('somebody', 1, {now_us})")
        .execute(&database)
        .await
        .unwrap();
    // Each turn doubles them: more than four pages in the end.
    for turn in 0..12_u32 {
        sql("INSERT INTO account_versions (user_id, version, changed_us) SELECT user_id || ?, 1, {now_us} FROM account_versions")
            .bind(format!("-{turn}"))
            .execute(&database)
            .await
            .unwrap();
    }
    flow::who_is_banned_is_refused_at_once_auth_3(&house).await;
    house.platform.stop().await;
}
