;;; Emacs with Eglot, and with the configuration of editors/README.md: emacs --batch --load emacs.el, with README, FOLDER
;;; (empty) and `aipc' on the PATH.

(require 'eglot)
(require 'flymake)

(defconst folder (file-name-as-directory (getenv "FOLDER")))

(defun block-of (heading)
  "The code below HEADING in the README."
  (with-temp-buffer
    (insert-file-contents (getenv "README"))
    (search-forward (concat "## " heading "\n"))
    (search-forward "```elisp\n")
    (buffer-substring (point) (progn (search-forward "\n```") (match-beginning 0)))))

(defun wait (what test)
  "Lets the server talk until TEST holds."
  (let ((deadline (+ (float-time) 20)))
    (while (not (funcall test))
      (when (> (float-time) deadline) (error "Not within 20 s: %s" what))
      (accept-process-output nil 0.05))))

(defun edit (name text)
  "Opens a file with TEXT, as the mode of the README, with the server."
  (with-temp-file (concat folder name) (insert text))
  (find-file (concat folder name))
  ;; `eglot-ensure' waits for a command of the user, and here is none.
  (run-hooks 'post-command-hook)
  (wait "the server" #'eglot-managed-p))

(defun codes ()
  (mapcar #'flymake-diagnostic-text (flymake-diagnostics)))

(defvar cases
  (list
   (cons "a mistake is told, and goes when it is mended"
         (lambda ()
           (edit "a.aip" "deny podd if spec.hostNetwork\n")
           (cl-assert (eq major-mode 'aip-mode))
           (wait "the mistake" (lambda () (flymake-start) (= 1 (length (flymake-diagnostics)))))
           (let ((found (car (flymake-diagnostics))))
             (cl-assert (string-match-p "no kind or view `podd`" (flymake-diagnostic-text found)))
             (cl-assert (equal "podd" (buffer-substring (flymake-diagnostic-beg found) (flymake-diagnostic-end found)))))
           (goto-char (point-min))
           (search-forward "podd")
           (delete-char -1)
           (eglot--signal-textDocument/didChange)
           (wait "no mistake" (lambda () (flymake-start) (null (flymake-diagnostics))))))
   (cons "completion"
         (lambda ()
           (edit "b.aip" "deny container if securityContext.\n")
           (goto-char (point-min))
           (end-of-line)
           (let* ((found (eglot-completion-at-point))
                  (labels (all-completions "" (nth 2 found))))
             (cl-assert (member "runAsNonRoot" labels) t))))
   (cons "definition"
         (lambda ()
           (edit "c.aip" "let allowed = [\"a/*\"]\ndeny pod if image !~ allowed\n")
           (goto-char (point-min))
           (search-forward "~ all")
           (let ((places (xref-backend-definitions 'eglot (xref-backend-identifier-at-point 'eglot))))
             (cl-assert (= 1 (length places)))
             (cl-assert (= 1 (xref-location-line (xref-item-location (car places))))))))
   (cons "rename and formatting"
         (lambda ()
           (edit "d.aip" "let allowed = [\"a/*\"]\ndeny   pod if image !~ allowed\n")
           (goto-char 6)
           (let ((eglot-confirm-server-initiated-edits nil)) (eglot-rename "ours"))
           (eglot-format-buffer)
           (cl-assert (equal (buffer-string) "let ours = [\"a/*\"]\n\ndeny pod if image !~ ours\n") t)))))

(with-temp-file (concat folder "aip.toml"))
(eval (car (read-from-string (concat "(progn " (block-of "Emacs") ")"))))
(let ((failed 0) (enable-local-variables nil))
  (dolist (case cases)
    (condition-case why
        (progn (funcall (cdr case)) (princ (format "ok      %s\n" (car case))))
      (error (setq failed (1+ failed))
             (princ (format "FAILED  %s: %S\n" (car case) why)))))
  (princ (format "%d passed, %d failed\n" (- (length cases) failed) failed))
  (kill-emacs (if (= failed 0) 0 1)))
