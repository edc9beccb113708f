use jiff::civil::{Date, Weekday};
use seaworthy::data::sql;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{CENTRE, TestApp, data, operator, trainer};

/// Returns the next dates that are neither Sundays nor holidays.
fn working_days(holidays: &[String], count: usize) -> Vec<String> {
    let is_working = |date: &String| {
        let weekday = date.parse::<Date>().unwrap().weekday();
        weekday != Weekday::Sunday && !holidays.contains(date)
    };
    let days = (1..).map(TestApp::in_days).filter(is_working);
    days.take(count).collect()
}

fn dates(app: &TestApp, owner: Uuid) -> Vec<String> {
    let sessions = app.sessions(owner);
    let dates = sessions.iter().map(|one| one["scheduledDate"].as_str());
    dates.map(|date| date.unwrap().to_owned()).collect()
}

pub(crate) async fn holidays_have_no_sessions_data_4(app: TestApp) {
    app.open_zone().await;
    app.approve(0x7a, 4.5).await;
    let close = |date: &str| {
        let holiday = json!({ "date": date, "name": "Dasara" });
        let stored = app.call("POST", "/holidays", &operator(), &holiday);
        assert_eq!(stored.status, 200, "{}", stored.body);
    };
    // One of two days is not a Sunday.
    let mut holidays = vec![TestApp::in_days(3), TestApp::in_days(4)];
    for date in &holidays {
        close(date);
    }
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    assert_eq!(dates(&app, owner), working_days(&holidays, 10));
    // An upgrade continues after the last date.
    let more = working_days(&holidays, 12).split_off(10);
    for date in &more {
        close(date);
    }
    holidays.extend(more);
    app.grant(7, "16:00", 20, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 2);
    assert_eq!(dates(&app, owner), working_days(&holidays, 20));
    app.check_invariants();
}

pub(crate) async fn trainer_sees_the_schedule_of_30_days_api_1(app: TestApp) {
    app.open_zone().await;
    let holder = app.approve(0x7a, 4.5).await;
    let owner = app.grant(7, "16:00", 10, 10).await;
    app.wait_for_events("SESSIONS_GENERATED", owner, 1);
    let mut expected = dates(&app, owner);
    expected.truncate(8);
    expected.push(TestApp::in_days(30));
    let database = app.database().await;
    for (number, days) in [(9, 30), (10, 31)] {
        sql("UPDATE schedule_slots SET slot_date = ? WHERE session_number = ?")
            .bind(TestApp::in_days(days))
            .bind(number)
            .execute(&database)
            .await
            .unwrap();
    }
    let place = json!({ "latitude": CENTRE.0, "longitude": CENTRE.1 });
    let entry = |date: &String| json!({ "date": date, "timeSlot": "16:00", "place": place });
    let expected: Vec<Value> = expected.iter().map(entry).collect();
    for token in [trainer(holder), operator()] {
        let shown = data(&app.get(&format!("/trainer-schedule/{holder}"), &token));
        assert_eq!(shown, json!(expected));
    }
}
