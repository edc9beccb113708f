//! The allocations, sessions and progress of a student.

use seaworthy::data::{
    chrono::{TimeDelta, Utc},
    sql,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{TestPlatform, json_of, wait_for},
    tokens::{operator_token, student_token},
};

impl TestPlatform {
    pub(crate) fn allocations(&self, student: Uuid) -> Vec<Value> {
        let path = format!("/admin/allocations/student/{student}");
        let list = self.get(&path, &operator_token());
        list["items"].as_array().unwrap().clone()
    }

    /// Cancels the allocation of a student that has a trainer.
    pub(crate) fn cancel_allocation(&self, student: Uuid) {
        let path = format!("/admin/allocations/student/{student}");
        let list = self.try_call("GET", &path, &operator_token(), &Value::Null);
        let list = list.map_or(Value::Null, |answer| json_of(&answer));
        let items = list["data"]["items"].as_array().into_iter().flatten();
        let mut items = items.filter(|one| one["status"] == "approved");
        if let Some(id) = items.next().and_then(|one| one["id"].as_str()) {
            let path = format!("/admin/allocations/{id}/cancel");
            let body = json!({ "reason": "moved away" });
            self.try_call("POST", &path, &operator_token(), &body);
        }
    }

    /// Waits until a student has an allocation with a state.
    pub(crate) fn wait_for_allocation(&self, student: Uuid, status: &str) -> Value {
        wait_for(status, || {
            let all = self.allocations(student);
            all.into_iter().find(|one| one["status"] == status)
        })
    }

    /// Returns the sessions of a student that were not cancelled, by date.
    pub(crate) fn sessions(&self, student: Uuid) -> Vec<Value> {
        let path = format!("/admin/sessions/student/{student}?limit=100");
        let list = self.get(&path, &operator_token());
        let sessions = list["items"].as_array().unwrap().iter();
        let live = sessions.filter(|one| one["status"] != "cancelled");
        live.cloned().collect()
    }

    pub(crate) fn wait_for_sessions(&self, student: Uuid, count: usize) -> Vec<Value> {
        wait_for("the sessions", || {
            let sessions = self.sessions(student);
            (sessions.len() == count).then_some(sessions)
        })
    }

    /// Returns the number of slots of a student.
    pub(crate) async fn booked_slots(&self, student: Uuid) -> u64 {
        let database = self.database("booking").await;
        let (count,): (u64,) = sql("SELECT COUNT(*) FROM schedule_slots l JOIN allocations a ON a.id = l.owner_id WHERE a.student_id = ? AND l.state = 'booked'")
            .bind(student)
            .fetch_one(&database)
            .await
            .unwrap();
        count
    }

    /// Returns the number of held and of bought sessions, or `None` without a purchase.
    pub(crate) fn progress(&self, student: Uuid) -> Option<(u64, u64)> {
        let path = format!("/students/{student}/courses/{}/progress", self.course());
        let answer = self.call("GET", &path, &student_token(student), &Value::Null);
        if answer.status == 404 {
            return None;
        }
        let progress = crate::app::data(&answer);
        let number = |name: &str| progress[name].as_u64().unwrap();
        Some((number("completedSessions"), number("totalSessions")))
    }

    /// Cancels a session for its student. A late cancellation counts as held.
    pub(crate) async fn cancel_session(&self, student: Uuid, index: usize, is_late: bool) {
        let database = self.database("booking").await;
        let scheduled: Vec<(Uuid,)> = sql("SELECT id FROM tutoring_sessions WHERE student_id = ? AND status = 'scheduled' ORDER BY session_number")
            .bind(student)
            .fetch_all(&database)
            .await
            .unwrap();
        let Some((id,)) = scheduled.get(index) else {
            return;
        };
        if is_late {
            sql("UPDATE tutoring_sessions SET starts_at = ? WHERE id = ?")
                .bind(Utc::now() + TimeDelta::hours(11))
                .bind(*id)
                .execute(&database)
                .await
                .unwrap();
        }
        let path = format!("/admin/sessions/{id}/cancel");
        let body = json!({ "reason": "a journey" });
        self.try_call("POST", &path, &student_token(student), &body);
    }
}
