// Opens the token window, and shows the new token's row when that window says that it is done.
(function () {
  var link = document.getElementById("generate");

  link.onclick = function () {
    var popup = window.open(link.href, link.target, "popup,width=540,height=400");
    if (popup) popup.focus();
    return !popup;
  };

  window.addEventListener("message", function (event) {
    if (event.origin !== location.origin || event.data !== "registry:token-made") return;
    fetch(location.href).then(function (answer) { return answer.text(); }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, "text/html");
      document.getElementById("tokens").tBodies[0].replaceWith(fresh.getElementById("tokens").tBodies[0]);
    });
  });
})();
