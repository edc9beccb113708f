use seaworthy::data::sql;

use crate::{app::TestApp, flow};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ban_after_thousands_of_others_rejects_tokens_auth_3() {
    let app = TestApp::start().await;
    let database = app.database("auth.db").await;
    sql("INSERT INTO account_versions (user_id, version, changed_us) VALUES ('another', 1, {now_us})")
        .execute(&database)
        .await
        .unwrap();
    // Each turn doubles the rows. In the end they fill more than four pages of the list.
    for turn in 0..12_u32 {
        sql("INSERT INTO account_versions (user_id, version, changed_us) SELECT user_id || ?, 1, {now_us} FROM account_versions")
            .bind(format!("-{turn}"))
            .execute(&database)
            .await
            .unwrap();
    }
    flow::ban_rejects_tokens_of_the_user_auth_3(&app).await;
    app.stop().await;
}
