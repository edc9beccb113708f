use city_events_contract::event::v1::{
    BadRow, CancelImportRequest, ConfirmImportRequest, CreateImportRequest, EventImport,
    GetImportRequest, UndoImportRequest, event_service_client::EventServiceClient,
};
use city_events_contract::messages::UserChanged;
use seaworthy::{contract::error::from_status, data::sql};
use seaworthy_testkit::eventually;
use tonic::transport::Channel;

use crate::{
    app::{TestApp, TestUser, user},
    calls::authenticated,
};

const FILE: &str = "Title;Description;City;Category;Start;End;Places;Publish
Jazz;Bring a blanket;Berlin;Music;2036-06-01 18:00;2036-06-01 22:00;50;yes
Chess;;Berlin;Games;2036-06-02 18:00;2036-06-02 22:00;;no
Yoga;On the lake;Potsdam;Sports;2036-06-03T08:00:00+02:00;2036-06-03 09:00;;
Rust;At the harbour;Hamburg;Tech;tomorrow;2036-06-02 22:00;5;no
";

struct Importer<'app> {
    client: EventServiceClient<Channel>,
    app: &'app TestApp,
    owner: TestUser,
}

impl<'app> Importer<'app> {
    async fn new(app: &'app TestApp) -> Self {
        let channel = Channel::from_shared(app.grpc.clone()).unwrap();
        Self {
            client: EventServiceClient::new(channel.connect().await.unwrap()),
            app,
            owner: user(),
        }
    }

    async fn create(&self, content: &str) -> String {
        let request = CreateImportRequest {
            name: "events.csv".to_owned(),
            content: content.as_bytes().to_vec(),
        };
        let mut client = self.client.clone();
        let created = client.create_import(authenticated(&self.owner, request));
        created.await.unwrap().into_inner().import.unwrap().id
    }

    async fn find(&self, id: &str) -> (EventImport, Vec<BadRow>) {
        let request = GetImportRequest { id: id.to_owned() };
        let mut client = self.client.clone();
        let found = client.get_import(authenticated(&self.owner, request));
        let found = found.await.unwrap().into_inner();
        (found.import.unwrap(), found.bad_rows)
    }

    async fn reaches(&self, id: &str, status: &str) -> EventImport {
        eventually(async || self.find(id).await.0.status == status).await;
        self.find(id).await.0
    }

    async fn confirm(&self, id: &str) {
        let request = ConfirmImportRequest { id: id.to_owned() };
        let mut client = self.client.clone();
        let confirmed = client.confirm_import(authenticated(&self.owner, request));
        confirmed.await.unwrap();
    }

    async fn undo(&self, id: &str) {
        let request = UndoImportRequest { id: id.to_owned() };
        let mut client = self.client.clone();
        let undone = client.undo_import(authenticated(&self.owner, request));
        undone.await.unwrap();
    }

    /// Returns the titles and states of the owner's events.
    async fn events(&self) -> Vec<(String, String)> {
        let statement = "SELECT title, status FROM events WHERE owner_id = ? ORDER BY title";
        let events = sql(statement).bind(self.owner.id.to_string());
        events.fetch_all(&self.app.database).await.unwrap()
    }
}

fn event(title: &str, status: &str) -> (String, String) {
    (title.to_owned(), status.to_owned())
}

pub(crate) async fn import_stores_good_rows_after_confirmation_file_1(app: TestApp) {
    let importer = Importer::new(&app).await;
    let id = importer.create(FILE).await;
    let checked = importer.reaches(&id, "checked").await;
    assert_eq!((checked.rows_checked, checked.rows_bad), (4, 2));
    let (_, bad) = importer.find(&id).await;
    assert_eq!((bad[0].line, bad[0].column.as_str()), (3, "description"));
    assert_eq!((bad[1].line, bad[1].column.as_str()), (5, "start_time"));
    assert_eq!(bad[1].value, "t…w (8 characters)");
    assert!(
        bad[1].message.contains("2026-03-01 17:30"),
        "{}",
        bad[1].message
    );
    assert!(importer.events().await.is_empty());

    importer.confirm(&id).await;
    let done = importer.reaches(&id, "done").await;
    assert_eq!((done.rows_stored, done.percent), (2, 100));
    let expected = [event("Jazz", "published"), event("Yoga", "draft")];
    assert_eq!(importer.events().await, expected);
    let (published,): (uuid::Uuid,) = sql("SELECT id FROM events WHERE title = 'Jazz'")
        .fetch_one(&app.database)
        .await
        .unwrap();
    let published = published.to_string();
    eventually(async || app.received("event.published", &published).len() == 1).await;
    let entries: Vec<(String, String, String)> =
        sql("SELECT action, actor, target_id FROM audit_log ORDER BY sequence")
            .fetch_all(&app.database)
            .await
            .unwrap();
    let owner = importer.owner.id.to_string();
    assert_eq!(entries, [("event.import".to_owned(), owner, id)]);
}

pub(crate) async fn undo_deletes_drafts_and_cancels_events_file_1(app: TestApp) {
    let importer = Importer::new(&app).await;
    let other = app
        .create_draft(&importer.owner, &crate::app::draft("Not imported"))
        .await;
    let id = importer.create(FILE).await;
    importer.reaches(&id, "checked").await;
    importer.confirm(&id).await;
    importer.reaches(&id, "done").await;
    importer.undo(&id).await;
    let undone = importer.reaches(&id, "undone").await;
    assert_eq!(undone.rows_stored, 0);
    let expected = [event("Jazz", "canceled"), event("Not imported", "draft")];
    assert_eq!(importer.events().await, expected);
    let (canceled,): (uuid::Uuid,) = sql("SELECT id FROM events WHERE title = 'Jazz'")
        .fetch_one(&app.database)
        .await
        .unwrap();
    let canceled = canceled.to_string();
    eventually(async || app.received("event.canceled", &canceled).len() == 1).await;
    assert!(app.received("event.canceled", &other).is_empty());
}

pub(crate) async fn imports_of_others_are_not_found_file_1(app: TestApp) {
    let importer = Importer::new(&app).await;
    let id = importer.create(FILE).await;
    let other_user = user();
    let mut client = importer.client.clone();
    let request = GetImportRequest { id: id.clone() };
    let read = client.get_import(authenticated(&other_user, request)).await;
    let request = CancelImportRequest { id: id.clone() };
    let canceled = client
        .cancel_import(authenticated(&other_user, request))
        .await;
    for refused in [read.map(drop), canceled.map(drop)] {
        let error = from_status(&refused.unwrap_err());
        assert_eq!(error.reason(), "IMPORT_NOT_FOUND");
    }
    let large = CreateImportRequest {
        name: String::new(),
        content: vec![b'x'; 1024 * 1024 + 1],
    };
    assert!(
        client
            .create_import(authenticated(&other_user, large))
            .await
            .is_err()
    );
    assert_ne!(importer.find(&id).await.0.status, "canceled");
}

/// Returns a file with this number of events.
fn events_file(count: usize, publish: &str) -> String {
    let rows = (0..count).map(|number| {
        format!("E{number};D;Berlin;Music;2036-06-01 18:00;2036-06-01 22:00;{publish}\n")
    });
    format!(
        "Title;Description;City;Category;Start;End;Publish\n{}",
        rows.collect::<String>()
    )
}

pub(crate) async fn published_rows_beyond_the_quota_are_reported_file_1(app: TestApp) {
    let importer = Importer::new(&app).await;
    let id = importer.create(&events_file(120, "yes")).await;
    importer.reaches(&id, "checked").await;
    importer.confirm(&id).await;
    let done = importer.reaches(&id, "done").await;
    assert_eq!((done.rows_stored, done.rows_bad), (100, 20));
    let (_, bad) = importer.find(&id).await;
    assert_eq!((bad[0].line, bad[0].column.as_str()), (102, "publish"));
    // Drafts do not count.
    let id = importer.create(&events_file(10, "no")).await;
    importer.reaches(&id, "checked").await;
    importer.confirm(&id).await;
    assert_eq!(importer.reaches(&id, "done").await.rows_stored, 10);
}

pub(crate) async fn ban_stops_a_confirmed_import_file_1(app: TestApp) {
    let importer = Importer::new(&app).await;
    let id = importer.create(&events_file(5_000, "no")).await;
    importer.reaches(&id, "checked").await;
    importer.confirm(&id).await;
    let ban = UserChanged {
        user_id: importer.owner.id.to_string(),
        version: 1,
    };
    app.send(&ban).await;
    // The owner's token has no version, so the service rejects it from here on.
    let state = async || {
        let state: (String, i64) = sql("SELECT status, rows_stored FROM csv_imports")
            .fetch_one(&app.database)
            .await
            .unwrap();
        state
    };
    eventually(async || state().await.0 != "storing").await;
    let (status, stored) = state().await;
    assert_eq!(status, "failed");
    assert!(stored < 5_000, "{stored} events are stored");
}
