// Before the scripts of the console: the services, as far as a page of runs asks them, and a watch that is told when to go.
(({ answers, begin, changes, rate }) => {
  const TRAILER = framed(0x80, new TextEncoder().encode("grpc-status: 0\r\n"));

  function framed(flags, message) {
    const frame = new Uint8Array(5 + message.length);
    frame[0] = flags;
    new DataView(frame.buffer).setUint32(1, message.length);
    frame.set(message, 5);
    return frame;
  }

  const message = (base64) => framed(0, Uint8Array.from(atob(base64), (each) => each.charCodeAt(0)));
  const answer = (body) => new Response(body, { headers: { "content-type": "application/grpc-web+proto" } });
  let feed;

  window.fetch = async (url) => {
    const rpc = new URL(url, location.href).pathname.split("/").pop();
    if (rpc !== "WatchStatus") return answer(new Blob([message(answers[rpc] ?? ""), TRAILER]));
    return answer(new ReadableStream({
      start(controller) {
        feed = controller;
        for (const each of begin) controller.enqueue(message(each));
      },
    }));
  };

  /** Sends the changes at their rate; returns once the last is sent. */
  window.tell = () => new Promise((done) => {
    let sent = 0;
    const began = performance.now();
    const timer = setInterval(() => {
      const due = Math.min(changes.length, Math.floor(((performance.now() - began) / 1000) * rate));
      while (sent < due) feed.enqueue(message(changes[sent++]));
      if (sent === changes.length) done(clearInterval(timer));
    }, 10);
  });

  /** Returns the times between frames of the screen, in milliseconds, until something is done. */
  window.frames = async (something) => {
    const times = [];
    let [going, last] = [true, performance.now()];
    const note = (now) => {
      times.push(now - last);
      last = now;
      if (going) requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
    await something;
    going = false;
    return times.slice(5);
  };
})(TOLD);
