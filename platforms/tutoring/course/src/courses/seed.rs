use seaworthy::{data::chrono::Utc, prelude::*};
use uuid::Uuid;

use super::Courses;
use crate::store::{Catalogue, Course, NewSession, SESSIONS, Structure};

impl Courses {
    /// Creates a published sample course in an empty catalogue.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn seed(&self) -> Result<(), Error> {
        self.database
            .transaction(|tx| async move {
                if Catalogue::count(&tx).await? > 0 {
                    return Ok(());
                }
                let now = Utc::now();
                let course = Course {
                    id: Uuid::new_v4(),
                    title: "Robotics".to_owned(),
                    description: "Build and program a small robot.".to_owned(),
                    category: "Robotics".to_owned(),
                    difficulty: "beginner".to_owned(),
                    status: "published".to_owned(),
                    version: 1,
                    created_at: now,
                    updated_at: now,
                };
                Catalogue::insert(&tx, &course).await?;
                let phase = Structure::add_phase(&tx, course.id, 1, "First robot").await?;
                for level in Structure::levels(&tx, phase.id).await? {
                    for session_number in 1..=SESSIONS {
                        let session = NewSession {
                            session_number,
                            title: format!("Lesson {}.{session_number}", level.sequence),
                            description: String::new(),
                        };
                        Structure::add_session(&tx, level.id, &session).await?;
                    }
                }
                self.record(&tx, "course.seed", &course).await
            })
            .await
    }
}
