// Runs before the page's scripts in every frame: a font made from bytes becomes one that can't be found.
// The constructor still answers a FontFace; its load() fails as that of a damaged font does.
(() => {
  const Native = globalThis.FontFace;
  if (typeof Native !== "function") return;
  const guarded = new Proxy(Native, {
    construct(target, args, newTarget) {
      const fromBytes = typeof args[1] === "object" && args[1] !== null;
      const safe = fromBytes ? [args[0], 'local("no such font")', ...args.slice(2)] : args;
      return Reflect.construct(target, safe, newTarget);
    },
  });
  Object.defineProperty(Native.prototype, "constructor", { value: guarded, configurable: true, writable: true });
  Object.defineProperty(globalThis, "FontFace", { value: guarded, configurable: true, writable: true });
})();
