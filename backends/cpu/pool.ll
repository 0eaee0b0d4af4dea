; The threads that run a kernel's blocks. The caller works too; workers look for a job for some microseconds after each one, then
; sleep. A range of blocks is taken at a time. A worker that wakes too late finds the job closed and touches nothing of it, so
; nobody waits for sleepers.
;
; @job is the number of the open job, 0 while none is; only a worker that has counted itself into @inside and then still finds
; the job open may read the other fields, and the caller closes the job before it waits for @inside to fall to 0.

@job = internal global i64 0, align 64
@latest = internal global i64 0, align 64
@inside = internal global i64 0, align 64
@next = internal global i64 0, align 64
@count = internal global i64 0, align 64
@chunk = internal global i64 1
@blocks = internal global ptr null
@args = internal global ptr null
@workers = internal global i64 0
@asleep = internal global i64 0, align 64
@stopping = internal global i64 0
@mutex = internal global [128 x i8] zeroinitializer, align 64
@wake = internal global [128 x i8] zeroinitializer, align 64

declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_detach(i64)
declare i32 @pthread_mutex_init(ptr, ptr)
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_init(ptr, ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @pthread_cond_broadcast(ptr)

; Starts so many threads, in a process that has none: the first, or one that was forked. Returns how many came.
define i64 @rung_start(i64 %wanted) {
entry:
  store i64 0, ptr @job
  store i64 0, ptr @inside
  store i64 0, ptr @asleep
  store i64 0, ptr @stopping
  store i64 0, ptr @workers
  call i32 @pthread_mutex_init(ptr @mutex, ptr null)
  call i32 @pthread_cond_init(ptr @wake, ptr null)
  %thread = alloca i64
  br label %loop
loop:
  %have = phi i64 [ 0, %entry ], [ %more, %started ]
  %enough = icmp sge i64 %have, %wanted
  br i1 %enough, label %done, label %start
start:
  %failed = call i32 @pthread_create(ptr %thread, ptr null, ptr @worker, ptr null)
  %ok = icmp eq i32 %failed, 0
  br i1 %ok, label %started, label %done
started:
  %id = load i64, ptr %thread
  call i32 @pthread_detach(i64 %id)
  %more = add i64 %have, 1
  br label %loop
done:
  store i64 %have, ptr @workers
  ret i64 %have
}

; Sends the threads away and waits for the last, so that the code they run may be freed.
define void @rung_stop() {
entry:
  store atomic i64 1, ptr @stopping seq_cst, align 8
  br label %again
again:
  call void @rouse()
  %left = load atomic i64, ptr @workers seq_cst, align 8
  %gone = icmp eq i64 %left, 0
  br i1 %gone, label %done, label %again
done:
  ret void
}

define internal void @rouse() {
  call i32 @pthread_mutex_lock(ptr @mutex)
  call i32 @pthread_cond_broadcast(ptr @wake)
  call i32 @pthread_mutex_unlock(ptr @mutex)
  ret void
}

; Calls %blocks(%args, first, last) for ranges that cover 0 .. %count - 1, and returns when all are done.
define void @rung_parallel(ptr %blocks, ptr %args, i64 %count) {
entry:
  %workers = load i64, ptr @workers
  %alone = icmp eq i64 %workers, 0
  %single = icmp slt i64 %count, 2
  %serial = or i1 %alone, %single
  br i1 %serial, label %here, label %share
here:
  call void %blocks(ptr %args, i64 0, i64 %count)
  ret void
share:
  %hands = add i64 %workers, 1
  %pieces = mul i64 %hands, 8
  %even = udiv i64 %count, %pieces
  %chunk = call i64 @llvm.umax.i64(i64 %even, i64 1)
  store i64 %chunk, ptr @chunk
  store i64 %count, ptr @count
  store ptr %blocks, ptr @blocks
  store ptr %args, ptr @args
  store atomic i64 0, ptr @next seq_cst, align 8
  %last = load i64, ptr @latest
  %number = add i64 %last, 1
  store i64 %number, ptr @latest
  store atomic i64 %number, ptr @job seq_cst, align 8
  %sleepers = load atomic i64, ptr @asleep seq_cst, align 8
  %awake = icmp eq i64 %sleepers, 0
  br i1 %awake, label %work, label %call
call:
  call void @rouse()
  br label %work
work:
  call void @take(ptr %blocks, ptr %args, i64 %count, i64 %chunk)
  store atomic i64 0, ptr @job seq_cst, align 8
  br label %wait
wait:
  %others = load atomic i64, ptr @inside seq_cst, align 8
  %finished = icmp eq i64 %others, 0
  br i1 %finished, label %done, label %pause
pause:
  call void @breathe()
  br label %wait
done:
  ret void
}

; Range after range until none is left.
define internal void @take(ptr %blocks, ptr %args, i64 %count, i64 %chunk) {
entry:
  br label %loop
loop:
  %first = atomicrmw add ptr @next, i64 %chunk seq_cst, align 8
  %some = icmp slt i64 %first, %count
  br i1 %some, label %run, label %done
run:
  %end = add i64 %first, %chunk
  %last = call i64 @llvm.smin.i64(i64 %end, i64 %count)
  call void %blocks(ptr %args, i64 %first, i64 %last)
  br label %loop
done:
  ret void
}

define internal ptr @worker(ptr %unused) {
entry:
  br label %idle
idle:
  %seen = phi i64 [ 0, %entry ], [ %seen, %rest ], [ %seen, %slept ], [ %found, %leave ]
  %spins = phi i64 [ 0, %entry ], [ %spun, %rest ], [ 0, %slept ], [ 0, %leave ]
  %stop = load atomic i64, ptr @stopping seq_cst, align 8
  %stopped = icmp ne i64 %stop, 0
  br i1 %stopped, label %end, label %look
look:
  %open = load atomic i64, ptr @job seq_cst, align 8
  %none = icmp eq i64 %open, 0
  %old = icmp eq i64 %open, %seen
  %nothing = or i1 %none, %old
  br i1 %nothing, label %wait, label %enter
wait:
  %patient = icmp slt i64 %spins, 2000
  br i1 %patient, label %rest, label %sleep
rest:
  call void @breathe()
  %spun = add i64 %spins, 1
  br label %idle
sleep:
  call i32 @pthread_mutex_lock(ptr @mutex)
  atomicrmw add ptr @asleep, i64 1 seq_cst, align 8
  %now = load atomic i64, ptr @job seq_cst, align 8
  %still = icmp eq i64 %now, 0
  %same = icmp eq i64 %now, %seen
  %idle_yet = or i1 %still, %same
  %stop2 = load atomic i64, ptr @stopping seq_cst, align 8
  %going = icmp eq i64 %stop2, 0
  %may_sleep = and i1 %idle_yet, %going
  br i1 %may_sleep, label %doze, label %slept
doze:
  call i32 @pthread_cond_wait(ptr @wake, ptr @mutex)
  br label %slept
slept:
  atomicrmw sub ptr @asleep, i64 1 seq_cst, align 8
  call i32 @pthread_mutex_unlock(ptr @mutex)
  br label %idle
enter:
  atomicrmw add ptr @inside, i64 1 seq_cst, align 8
  %found = load atomic i64, ptr @job seq_cst, align 8
  %valid = icmp ne i64 %found, 0
  br i1 %valid, label %help, label %leave
help:
  %blocks = load ptr, ptr @blocks
  %args = load ptr, ptr @args
  %count = load i64, ptr @count
  %chunk = load i64, ptr @chunk
  call void @take(ptr %blocks, ptr %args, i64 %count, i64 %chunk)
  br label %leave
leave:
  atomicrmw sub ptr @inside, i64 1 seq_cst, align 8
  br label %idle
end:
  atomicrmw sub ptr @workers, i64 1 seq_cst, align 8
  ret ptr null
}

; A moment in which the core's other thread may run. engine.py replaces the call on other processors than x86.
define internal void @breathe() {
  call void @llvm.x86.sse2.pause()
  ret void
}
