//! The one thread that owns the workspace.
//!
//! Changes and questions come to it in the order in which the editor sent them. A question whose asker went away is not
//! answered. What nobody waits for (diagnostics, files that are not analysed yet) is done once the queue is empty, so that
//! of a burst of keystrokes only the last one is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::ide::diagnostics::Finding;
use crate::ide::preview::Preview;
use crate::ide::verdicts::{Question, Verdicts};
use crate::ide::{diagnostics, manifest};
use crate::settings::Settings;
use crate::text::Encoding;
use crate::workspace::{Language, Workspace};

type Job = Box<dyn FnOnce(&mut Analyst) + Send>;

/// What the thread says unasked.
#[derive(Debug)]
pub enum Notice {
    /// The findings of an open file, at a version of its text.
    Findings { path: PathBuf, version: i32, text: Arc<str>, findings: Vec<Finding>, encoding: Encoding },
    /// The file is closed: it has no findings any more.
    Closed(PathBuf),
    /// What was answered before may be answered otherwise now.
    Stale,
    /// The same of lenses alone.
    StaleLenses,
    /// A fault of ours, in words.
    Fault(String),
}

/// How the client wants to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Manner {
    pub encoding: Encoding,
    /// Findings are sent unasked; else the client asks.
    pub push: bool,
    /// The client asks again for lenses once it is told to.
    pub refreshes_lenses: bool,
}

/// What the thread works with.
pub struct Analyst {
    pub workspace: Workspace,
    pub settings: Settings,
    pub manner: Manner,
    notices: mpsc::UnboundedSender<Notice>,
    /// The thread's own queue, for what others find out for it.
    door: Door,
    /// Another thread judges manifests.
    is_judging: bool,
    /// Open files whose findings are to be sent.
    due: BTreeSet<PathBuf>,
    /// What files compiled to last, by target.
    pub previews: BTreeMap<(PathBuf, &'static str), Preview>,
    /// What was sent last of each file.
    published: BTreeMap<PathBuf, (i32, Vec<Finding>)>,
    /// Something changed that other files rest on; since when.
    unsettled: Option<Instant>,
    /// The last semantic tokens of each file, for clients that ask for differences, by the number they were given.
    pub tokens: BTreeMap<PathBuf, (u64, Vec<[u32; 5]>)>,
}

/// The door to the thread.
#[derive(Clone)]
pub struct Door {
    jobs: Sender<Job>,
}

/// After a change nobody may be waiting for: other files are looked at once typing pauses.
const PAUSE: Duration = Duration::from_millis(150);

impl Door {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn open(notices: mpsc::UnboundedSender<Notice>) -> std::io::Result<Door> {
        let (jobs, queue) = channel();
        let door = Door { jobs };
        let own = door.clone();
        let analyst = || Analyst {
            workspace: Workspace::default(),
            settings: Settings::default(),
            manner: Manner::default(),
            notices,
            door: own,
            is_judging: false,
            due: BTreeSet::new(),
            previews: BTreeMap::new(),
            published: BTreeMap::new(),
            unsettled: None,
            tokens: BTreeMap::new(),
        };
        thread::Builder::new()
            .name("analyst".to_string())
            .stack_size(aipc_project::STACK_BYTES)
            .spawn(move || analyst().run(&queue))?;
        Ok(door)
    }

    /// A change: in order, and nobody waits for it.
    pub fn tell(&self, change: impl FnOnce(&mut Analyst) + Send + 'static) {
        // The thread lives as long as the server does.
        let _ = self.jobs.send(Box::new(change));
    }

    /// A question, put into the queue at once; the answer comes by the receiver. Dropping the receiver cancels it. The
    /// receiver fails where the question led to a fault.
    pub fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Analyst) -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (answer, receiver) = oneshot::channel();
        self.tell(move |analyst| {
            if answer.is_closed() {
                return;
            }
            let found = question(analyst);
            let _ = answer.send(found);
        });
        receiver
    }
}

impl Analyst {
    fn run(mut self, queue: &Receiver<Job>) {
        loop {
            let job = match queue.try_recv() {
                Ok(job) => job,
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => match self.wait(queue) {
                    Some(job) => job,
                    None => return,
                },
            };
            self.contain(job);
        }
    }

    /// The next job; until it comes, what there is to do unasked.
    fn wait(&mut self, queue: &Receiver<Job>) -> Option<Job> {
        loop {
            // One piece at a time, so that a job never waits long.
            if self.work_unasked() {
                match queue.try_recv() {
                    Ok(job) => return Some(job),
                    Err(TryRecvError::Disconnected) => return None,
                    Err(TryRecvError::Empty) => continue,
                }
            }
            let Some(since) = self.unsettled else { return queue.recv().ok() };
            match queue.recv_timeout(PAUSE.saturating_sub(since.elapsed())) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    self.unsettled = None;
                    self.settle();
                }
            }
        }
    }

    /// Does one piece of work that nobody waits for; false where there is none.
    fn work_unasked(&mut self) -> bool {
        if let Some(path) = self.due.pop_first() {
            self.contain(Box::new(move |it| it.publish(&path)));
            return true;
        }
        if self.unsettled.is_none()
            && let Some(path) = self.workspace.unknown_policy()
        {
            self.contain(Box::new(move |it| {
                it.workspace.policy(&path);
                // The last one: what only shows beside all others can be said.
                if it.workspace.is_complete() {
                    it.settle();
                }
            }));
            return true;
        }
        if self.unsettled.is_none()
            && !self.is_judging
            && let Some((path, question)) = self.workspace.stale_verdicts()
        {
            self.judge(path, question);
            return true;
        }
        false
    }

    /// Has the manifests of a project judged, which may take a while, by a thread of its own.
    fn judge(&mut self, path: PathBuf, question: Question) {
        let (door, of) = (self.door.clone(), path.clone());
        let revision = question.revision;
        let work = move || {
            let answer = catch_unwind(AssertUnwindSafe(|| question.answer()));
            door.tell(move |it| {
                it.is_judging = false;
                match answer {
                    Ok(answer) => {
                        if it.workspace.note_verdicts(&of, answer) {
                            it.say(Notice::StaleLenses);
                        }
                    }
                    Err(panic) => {
                        it.workspace.give_up_verdicts(&of, revision);
                        it.say(Notice::Fault(words(&*panic)));
                    }
                }
            });
        };
        let judge = thread::Builder::new().name("judge".to_string()).stack_size(aipc_project::STACK_BYTES);
        match judge.spawn(work) {
            Ok(_) => self.is_judging = true,
            Err(why) => {
                self.workspace.give_up_verdicts(&path, revision);
                self.say(Notice::Fault(format!("the system has no thread to give: {why}")));
            }
        }
    }

    /// What the rules around a file say of manifests: while somebody types, what they said last. Who cannot be told of a
    /// new answer gets none but the true one.
    pub fn verdicts(&mut self, path: &Path) -> Rc<Verdicts> {
        match self.manner.refreshes_lenses {
            true => self.workspace.last_verdicts(path),
            false => self.workspace.verdicts(path),
        }
    }

    /// Other files may have other findings now, or all of them: other files are known, settings changed, or folders.
    pub fn settle(&mut self) {
        if self.manner.push {
            let open = self.workspace.documents().map(|(path, _)| path.to_path_buf());
            self.due.extend(open.collect::<Vec<_>>());
        }
        self.say(Notice::Stale);
    }

    /// Runs a job; a fault in it is told, and what was in the making is forgotten.
    fn contain(&mut self, job: Job) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(self))) {
            self.workspace.forget();
            self.tokens.clear();
            self.say(Notice::Fault(words(&*panic)));
        }
    }

    fn say(&self, notice: Notice) {
        // Nobody listens once the server has ended.
        let _ = self.notices.send(notice);
    }

    /// A file was opened, edited, or has changed on disk.
    pub fn note_change(&mut self, path: PathBuf) {
        if self.manner.push && self.workspace.document(&path).is_some() {
            self.due.insert(path);
        }
        self.unsettled = Some(Instant::now());
    }

    /// A file was closed.
    pub fn note_close(&mut self, path: PathBuf) {
        self.due.remove(&path);
        self.tokens.remove(&path);
        self.published.remove(&path);
        self.previews.retain(|(of, _), _| *of != path);
        if self.manner.push {
            self.say(Notice::Closed(path));
        }
        self.unsettled = Some(Instant::now());
    }

    fn publish(&mut self, path: &Path) {
        let Some((version, text)) = self.workspace.document(path).map(|it| (it.version, it.text.clone()))
        else {
            return;
        };
        let findings = self.findings(path);
        let encoding = self.manner.encoding;
        let said = (version, findings);
        if self.published.get(path) == Some(&said) {
            return;
        }
        let findings = said.1.clone();
        self.published.insert(path.to_path_buf(), said);
        self.say(Notice::Findings { path: path.to_path_buf(), version, text, findings, encoding });
    }

    /// What is wrong with a file.
    pub fn findings(&mut self, path: &Path) -> Vec<Finding> {
        let language = self.workspace.document(path).map_or(Language::of(path, ""), |it| it.language);
        match language {
            Language::Policy => {
                let Some(file) = self.workspace.policy(path) else { return Vec::new() };
                let others = self.workspace.known_policies(path);
                let others: Vec<_> = others.iter().map(|it| &**it).collect();
                let targets = match self.settings.target {
                    Some(target) => vec![target],
                    None => file.project.project.settings.targets.clone().unwrap_or_default(),
                };
                diagnostics::policy(&file, &others, &targets)
            }
            Language::Settings => diagnostics::settings(&mut self.workspace, path),
            Language::Manifest if !self.settings.without_manifests => {
                manifest::findings(&mut self.workspace, path)
            }
            Language::Manifest | Language::Other => Vec::new(),
        }
    }
}

/// What a panic said.
fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|it| (*it).to_string());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
    words.unwrap_or_else(|| "no message".to_string())
}
