//! Work that must not block the window: one slot for each kind of work. The newest request wins, an
//! older one is cancelled and its result is dropped, and a finished one requests a frame. Work that
//! panics frees its slot; its message is collected in the [`Pool`] and shown.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The flag that cancels a request; long loops poll it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Where work runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workers {
    /// At once, on the calling thread: for tests.
    Inline,
    /// On a thread for each slot.
    Threads,
    /// Never run: for tests that the window does not block.
    Never,
    /// When [`Pool::run_held`] is called: for tests of what happens in between.
    Held,
}

/// Runs work, requests frames, and collects the messages of panics.
#[derive(Clone)]
pub struct Pool {
    workers: Workers,
    context: egui::Context,
    panics: Arc<Mutex<Vec<String>>>,
    held: Arc<Mutex<VecDeque<Work>>>,
}

impl Pool {
    /// A pool whose work requests a frame from `context` when it finishes.
    pub fn new(workers: Workers, context: &egui::Context) -> Self {
        Self {
            workers,
            context: context.clone(),
            panics: Arc::default(),
            held: Arc::default(),
        }
    }

    /// Runs the work that [`Workers::Held`] holds back; returns the number of pieces.
    pub fn run_held(&self) -> usize {
        let held = std::mem::take(&mut *lock(&self.held));
        let count = held.len();
        held.into_iter().for_each(|work| work());
        count
    }

    /// Waits until threads are done, with a time limit: for closing the window.
    pub fn wait_until(&self, mut done: impl FnMut() -> bool) {
        let begun = Instant::now();
        while self.workers == Workers::Threads && begun.elapsed() < LONGEST_WAIT && !done() {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Runs work; returns none and records the message if it panics.
    fn attempt<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let answer = catch_unwind(AssertUnwindSafe(work));
        let answer = answer.map_err(|panic| lock(&self.panics).push(message_of(&*panic)));
        answer.ok()
    }

    /// Hands work to the thread of a queue, or wherever work runs.
    fn run(&self, queue: &Arc<Mutex<Queue>>, work: Work) {
        match self.workers {
            Workers::Inline => work(),
            Workers::Never => drop(work),
            Workers::Held => lock(&self.held).push_back(work),
            Workers::Threads => enqueue(queue, work),
        }
    }

    /// Whether work runs at once on the calling thread.
    pub fn is_inline(&self) -> bool {
        self.workers == Workers::Inline
    }

    /// Whether work runs on threads, so that it may wait.
    pub fn has_threads(&self) -> bool {
        self.workers == Workers::Threads
    }

    /// Requests a frame.
    pub fn request_repaint(&self) {
        self.context.request_repaint();
    }

    /// The messages of panics since the last call.
    pub fn take_panics(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.panics))
    }
}

/// The message of a panic.
fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

type Work = Box<dyn FnOnce() + Send>;

/// The number of a request and its answer; none if the work panicked.
type Outcome<T> = (u64, Option<T>);

/// How long closing the window waits for pending writes.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Waiting work, and whether a thread runs it.
#[derive(Default)]
struct Queue {
    next: VecDeque<Work>,
    running: bool,
}

/// Work that is never dropped, done in order: small files to be written. Dropping it waits for the last
/// of them.
pub struct Sequence {
    pool: Pool,
    queue: Arc<Mutex<Queue>>,
}

impl Sequence {
    /// An idle sequence, whose work runs in a pool.
    pub fn new(pool: &Pool) -> Self {
        Self {
            pool: pool.clone(),
            queue: Arc::default(),
        }
    }

    /// Queues work behind everything queued before.
    pub fn run(&self, work: impl FnOnce() + Send + 'static) {
        let pool = self.pool.clone();
        let work: Work = Box::new(move || {
            if pool.attempt(work).is_none() {
                pool.request_repaint();
            }
        });
        self.pool.run(&self.queue, work);
    }
}

impl Drop for Sequence {
    fn drop(&mut self) {
        self.pool.wait_until(|| !lock(&self.queue).running);
    }
}

/// One kind of work.
pub struct Slot<T> {
    pool: Pool,
    generation: u64,
    cancel: Cancel,
    waiting: bool,
    failed: bool,
    queue: Arc<Mutex<Queue>>,
    sender: Sender<Outcome<T>>,
    receiver: Receiver<Outcome<T>>,
}

impl<T: Send + 'static> Slot<T> {
    /// An idle slot, whose work runs in a pool.
    pub fn new(pool: &Pool) -> Self {
        let (sender, receiver) = channel();
        Self {
            pool: pool.clone(),
            generation: 0,
            cancel: Cancel::default(),
            waiting: false,
            failed: false,
            queue: Arc::default(),
            sender,
            receiver,
        }
    }

    /// Starts work and cancels what the slot was doing.
    pub fn start(&mut self, work: impl FnOnce(&Cancel) -> T + Send + 'static) {
        self.cancel.set();
        self.cancel = Cancel::default();
        self.generation += 1;
        (self.waiting, self.failed) = (true, false);
        let (generation, cancel) = (self.generation, self.cancel.clone());
        let (sender, pool) = (self.sender.clone(), self.pool.clone());
        let work: Work = Box::new(move || {
            if cancel.is_set() {
                return;
            }
            let answer = pool.attempt(|| work(&cancel));
            let _ = sender.send((generation, answer));
            pool.request_repaint();
        });
        // At most one piece waits, the newest.
        lock(&self.queue).next.clear();
        self.pool.run(&self.queue, work);
    }

    /// Cancels the work; its answer is dropped.
    pub fn stop(&mut self) {
        self.cancel.set();
        self.generation += 1;
        (self.waiting, self.failed) = (false, false);
    }

    /// Whether an answer is still to come.
    pub fn busy(&self) -> bool {
        self.waiting
    }

    /// Whether the newest request panicked, so that it has no answer.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// The answer to the newest request, once.
    pub fn take(&mut self) -> Option<T> {
        let newest = self
            .receiver
            .try_iter()
            .filter(|(generation, _)| *generation == self.generation)
            .last()
            .map(|(_, answer)| answer)?;
        self.waiting = false;
        self.failed = newest.is_none();
        newest
    }
}

impl<T> Drop for Slot<T> {
    fn drop(&mut self) {
        self.cancel.set();
    }
}

/// An answer that a worker recomputes when its key changes; until then the last one stays.
pub struct Memo<K, T> {
    slot: Option<Slot<(K, T)>>,
    asked: Option<K>,
    answer: Option<(K, T)>,
}

impl<K, T> Default for Memo<K, T> {
    fn default() -> Self {
        Self {
            slot: None,
            asked: None,
            answer: None,
        }
    }
}

impl<K: Clone + PartialEq + Send + 'static, T: Send + 'static> Memo<K, T> {
    /// Starts the work if the key changed; returns whether a new answer arrived.
    pub fn keep(
        &mut self,
        key: K,
        pool: &Pool,
        work: impl FnOnce(&Cancel) -> T + Send + 'static,
    ) -> bool {
        let slot = self.slot.get_or_insert_with(|| Slot::new(pool));
        if self.asked.as_ref() != Some(&key) {
            self.asked = Some(key.clone());
            slot.start(move |cancel| (key, work(cancel)));
        }
        let newest = slot.take();
        let fresh = newest.is_some();
        self.answer = newest.or(self.answer.take());
        fresh
    }

    /// The newest answer and its key.
    pub fn answer(&self) -> Option<&(K, T)> {
        self.answer.as_ref()
    }

    /// The newest requested key.
    pub fn asked(&self) -> Option<&K> {
        self.asked.as_ref()
    }

    /// Whether a result is pending.
    pub fn busy(&self) -> bool {
        self.slot.as_ref().is_some_and(Slot::busy)
    }

    /// Whether the newest request panicked.
    pub fn failed(&self) -> bool {
        self.slot.as_ref().is_some_and(Slot::failed)
    }

    /// Drops everything.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Hands work to the thread of a queue; starts one if there is none.
fn enqueue(shared: &Arc<Mutex<Queue>>, work: Work) {
    let mut queue = lock(shared);
    queue.next.push_back(work);
    if std::mem::replace(&mut queue.running, true) {
        return;
    }
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        while let Some(work) = next(&shared) {
            work();
        }
    });
}

fn next(queue: &Mutex<Queue>) -> Option<Work> {
    let mut queue = lock(queue);
    let next = queue.next.pop_front();
    queue.running = next.is_some();
    next
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot<T: Send + 'static>(workers: Workers) -> Slot<T> {
        Slot::new(&Pool::new(workers, &egui::Context::default()))
    }

    /// Waits until a slot is done; returns its result.
    fn wait<T: Send + 'static>(slot: &mut Slot<T>) -> Option<T> {
        for _ in 0..10_000 {
            let answer = slot.take();
            if answer.is_some() || !slot.busy() {
                return answer;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        None
    }

    #[test]
    fn a_panic_frees_the_slot_and_is_reported_once() {
        for workers in [Workers::Inline, Workers::Threads] {
            let mut slot = slot(workers);
            slot.start(|_| -> u8 { panic!("broken {}", 1) });
            assert_eq!(wait(&mut slot), None);
            assert!(slot.failed() && !slot.busy(), "{workers:?}");
            assert_eq!(slot.pool.take_panics(), ["broken 1"]);
            assert!(slot.pool.take_panics().is_empty());
            slot.start(|_| 2);
            assert_eq!(wait(&mut slot), Some(2));
            assert!(!slot.failed());
        }
    }

    #[test]
    fn a_sequence_does_everything_in_order_before_it_ends() {
        let pool = Pool::new(Workers::Threads, &egui::Context::default());
        let sequence = Sequence::new(&pool);
        let (sender, done) = channel();
        for number in 0..20 {
            let sender = sender.clone();
            sequence.run(move || {
                assert_ne!(number, 7, "a panic stops nothing else");
                let _ = sender.send(number);
            });
        }
        drop(sequence);
        let done: Vec<i32> = done.try_iter().collect();
        assert_eq!(done, (0..20).filter(|n| *n != 7).collect::<Vec<_>>());
        assert_eq!(pool.take_panics().len(), 1);
    }

    #[test]
    fn inline_work_finishes_at_once() {
        let mut slot = slot(Workers::Inline);
        slot.start(|_| 1);
        slot.start(|_| 2);
        assert_eq!(slot.take(), Some(2));
        assert_eq!(slot.take(), None);
        assert!(!slot.busy());
    }

    #[test]
    fn the_newest_request_wins_and_older_work_is_cancelled() {
        let mut slot = slot(Workers::Threads);
        let (sender, stopped) = channel();
        let (began, beginning) = channel();
        slot.start(move |cancel| {
            let _ = began.send(());
            while !cancel.is_set() {
                std::thread::sleep(Duration::from_millis(1));
            }
            let _ = sender.send(());
            0
        });
        let patience = Duration::from_secs(10);
        beginning.recv_timeout(patience).expect("it begins");
        slot.start(|_| 1);
        slot.start(|_| 2);
        stopped
            .recv_timeout(patience)
            .expect("the first request is cancelled");
        assert_eq!(wait(&mut slot), Some(2));
    }
}
